# Part of acceptance.sh, which sources it: one real suite a framework, from Debian's source packages, run by the framework
# itself and by `chiron test` in ten orders. compare_verdicts.py holds one against the other and tells what depends on order.
tests=$work/tests
mkdir -p "$tests/bin" "$tests/include/catch2"

# built NAME SOURCE… -- FLAG…: one program from many sources, a compile each so that a second run makes only what is missing.
built() {
  local name=$1 source object objects=()
  shift
  local parts=()
  while [ "$1" != -- ]; do parts+=("$1"); shift; done
  shift
  [ -x "$tests/bin/$name" ] && return
  mkdir -p "$tests/$name.objects"
  for source in "${parts[@]}"; do
    object=$tests/$name.objects/$(echo "${source#"$work"/}" | tr / _).o
    if [ ! -f "$object" ]; then
      g++ -std=c++17 -O0 -w "${@/#-l*/-pthread}" -c "$source" -o "$object.part" || return 1
      mv "$object.part" "$object"
    fi
    objects+=("$object")
  done
  g++ "${objects[@]}" "$@" -o "$tests/bin/$name"
}

same_verdicts() {
  python3 "$here/scripts/compare_verdicts.py" "$chiron" "$tests/state" "$@" || status=1
}

usage_tests() { for name in Class Condition Decomposition Exception Message Misc Tricky; do echo "$1/$name.tests.cpp"; done; }

googletest_suite() { same_verdicts googletest "$work/yaml-cpp/tree/build/test/yaml-cpp-tests"; }

catch2_suite() {
  get catch2 || return 1
  local tree=$work/catch2/tree parts
  echo '#define CATCH_CONFIG_MAIN
#include "catch.hpp"' >"$tests/catch2_main.cpp"
  mapfile -t parts < <(usage_tests "$tree/projects/SelfTest/UsageTests")
  built catch2-usage "$tests/catch2_main.cpp" "${parts[@]}" -- -I"$tree/single_include/catch2" -I"$tree/include" \
    -I"$tree/projects/SelfTest" -pthread || return 1
  same_verdicts catch2 "$tests/bin/catch2-usage"
}

# Version 3 from a newer release of Debian than 12 has: a list of sources of its own.
catch2_3_suite() {
  local newer=$work/apt-newer mirror
  mirror=$(head -n 1 "$sources/sources.list" | sed 's/.*\] *\([^ ]*\) .*/\1/')
  if [ ! -d "$work/catch2-3" ]; then
    mkdir -p "$newer/lists/partial" "$work/catch2-3.part"
    echo "deb-src [trusted=yes] ${mirror%-security*} trixie main" >"$newer/sources.list"
    local options=(-o "Dir::Etc::SourceList=$newer/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$newer/lists")
    apt-get "${options[@]}" update -qq
    (cd "$work/catch2-3.part" && apt-get "${options[@]}" source -qq --download-only catch2 >/dev/null 2>&1 &&
      dpkg-source --no-check -x ./*.dsc tree >/dev/null) || return 1
    mv "$work/catch2-3.part" "$work/catch2-3"
  fi
  local tree=$work/catch2-3/tree header parts
  # Its single header stands for the many that the tests include.
  for header in $(cd "$tree/src/catch2" && find . -name '*.hpp'); do
    mkdir -p "$tests/include/catch2/$(dirname "$header")"
    echo '#include "catch_amalgamated.hpp"' >"$tests/include/catch2/$header"
  done
  mapfile -t parts < <(usage_tests "$tree/tests/SelfTest/UsageTests")
  built catch2-3-usage "$tree/extras/catch_amalgamated.cpp" "${parts[@]}" "$tree/tests/SelfTest/helpers/parse_test_spec.cpp" -- \
    -I"$tests/include" -I"$tree/extras" -I"$tree/tests/SelfTest" -pthread || return 1
  same_verdicts catch2 "$tests/bin/catch2-3-usage"
}

doctest_suite() {
  get doctest || return 1
  local folder=$work/doctest/tree/examples/all_features parts
  mapfile -t parts < <(find "$folder" -name '*.cpp' ! -name 'assert_returns*' ! -name 'concurrency*' ! -name 'coverage*')
  built doctest-features "${parts[@]}" -- -I"$work/doctest/tree" -I"$folder" -I"$work/doctest/tree/doctest" \
    -I"$work/doctest/tree/doctest/parts" \
    -DDOCTEST_CONFIG_NO_POSIX_SIGNALS -pthread || return 1
  same_verdicts doctest "$tests/bin/doctest-features"
}

boost_test_suite() {
  get libzeep || return 1
  local tree=$work/libzeep/tree
  # The header that its own build makes.
  sed -e 's/#cmakedefine01 \(.*\)/#define \1 0/' -e 's/@LIBZEEP_VERSION_[A-Z]*@/0/; s/@LIBZEEP_VERSION@/0/' \
    "$tree/include/zeep/config.hpp.in" >"$tree/include/zeep/config.hpp"
  built zeep-json "$tree"/lib-json/src/*.cpp "$tree"/lib-xml/src/*.cpp "$tree/lib-json/test/json-test.cpp" -- \
    -I"$tree/include" -DBOOST_TEST_DYN_LINK -lboost_unit_test_framework -pthread || return 1
  same_verdicts boost "$tests/bin/zeep-json"
}

ctest_suite() { same_verdicts ctest "$work/double-conversion/tree/build" && same_verdicts ctest "$work/tinyxml2/tree/build"; }

pytest_suite() { PYTHONPATH=$work/jinja2/tree/src same_verdicts pytest "$work/jinja2/tree/tests"; }

for suite in ${CHIRON_ACCEPTANCE_SUITES:-googletest catch2 catch2_3 doctest boost_test ctest pytest}; do
  echo "== $suite"
  "${suite}_suite" || { echo "$suite: could not be built or fetched"; status=1; }
done
