#!/usr/bin/env bash
# Runs `chiron check` on projects that nobody here wrote: three in C++ and one in Python, from Debian's source packages,
# with their own build, their tests as a command gate, and the coverage of their lines. Needs the package registry;
# deb-src is added to a copy of the machine's sources, the machine's own stay as they are.
set -euo pipefail
chiron=$(realpath "$1")
here=$(cd "$(dirname "$0")/.." && pwd)
work=${CHIRON_ACCEPTANCE_FOLDER:-$here/build/acceptance}
mkdir -p "$work"
cd "$work"

sources=$work/apt
mkdir -p "$sources/lists/partial"
if [ ! -f "$sources/sources.list" ]; then
  # deb822 and one-line sources alike, each with its deb-src twin.
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | sort -u |
    while read -r uri release component; do echo "deb-src [trusted=yes] $uri $release $component"; done >"$sources/sources.list"
fi
apt() { apt-get -o Dir::Etc::SourceList="$sources/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$sources/lists" "$@"; }
apt update -qq

get() {
  local package=$1
  [ -d "$package" ] && return
  rm -rf "$package.part" && mkdir "$package.part"
  (cd "$package.part" && apt source -qq --download-only "$package" >/dev/null 2>&1 && dpkg-source --no-check -x ./*.dsc tree >/dev/null) || return 1
  mv "$package.part" "$package"
}

command -v gcov >/dev/null || { echo "needs gcc's gcov" >&2; exit 2; }
need=()
for package in python3-pytest python3-coverage python3-markupsafe libgtest-dev libgmock-dev libboost-test-dev; do
  dpkg -s "$package" >/dev/null 2>&1 || need+=("$package")
done
[ ${#need[@]} -eq 0 ] || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null

status=0
run() {
  local name=$1 tree=$2
  echo "== $name"
  (cd "$tree" && [ -d .git ] || (cd "$tree" && git init -q . && git add -A && git -c user.name=a -c user.email=a@a commit -qm import))
  local code=0
  /usr/bin/time -q -f "$name: %e s wall, %U+%S s CPU, %M KiB" "$chiron" -C "$tree" check --no-cache -q -o "json:$work/$name.json" -o "html:$work/$name.html" >"$work/$name.txt" || code=$?
  tail -n 1 "$work/$name.txt"
  [ "$code" -le 1 ] || { echo "$name: could not run (exit code $code)"; status=1; }
}

cxx_project() {
  local package=$1 options=$2
  get "$package"
  local tree=$work/$package/tree
  cat >"$tree/chiron.toml" <<EOF
[workspace]
name = "$package"
fail-level = "never"

[gate.build]
kind = "command"
run = "cmake -S . -B build -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS=--coverage -DCMAKE_C_FLAGS=--coverage $options >/dev/null && cmake --build build -j2"
reads = ["gnu"]

[gate.tests]
kind = "command"
run = "ctest --test-dir build --output-on-failure --output-junit junit.xml"
reads = ["junit:build/junit.xml"]
needs = ["build"]

[gate.coverage]
reports = ["build"]
needs = ["tests"]
EOF
  run "$package" "$tree"
}

cxx_project yaml-cpp "-DYAML_CPP_BUILD_TESTS=ON -DYAML_USE_SYSTEM_GTEST=ON"
cxx_project double-conversion "-DBUILD_TESTING=ON"
cxx_project tinyxml2 "-Dtinyxml2_BUILD_TESTING=ON"

# What is read straight from .gcda and .gcno files is what gcov says, at every level of optimisation.
if [ "$(g++ -dumpversion)" = 12 ]; then
  python3 "$here/scripts/compare_gcov.py" "$chiron" "$work/gcov" "$work/tinyxml2/tree" "$work/yaml-cpp/tree" || status=1
fi

get jinja2
tree=$work/jinja2/tree
cat >"$tree/chiron.toml" <<'EOF'
[workspace]
name = "jinja2"
fail-level = "never"

[gate.tests]
kind = "command"
run = "PYTHONPATH=src /usr/bin/python3 -m coverage run --source=src --branch -m pytest -q -p no:cacheprovider --junit-xml=junit.xml tests; /usr/bin/python3 -m coverage xml -q -o coverage.xml"
reads = ["junit:junit.xml"]

[gate.coverage]
reports = ["coverage.xml"]
needs = ["tests"]
EOF
run jinja2 "$tree"

# `chiron test` against the frameworks themselves.
. "$here/scripts/acceptance_tests.sh"
exit $status
