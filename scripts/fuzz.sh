#!/usr/bin/env bash
# Builds and runs one fuzz target: fuzz.sh NAME SECONDS. The corpus is kept in build/corpus/NAME.
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1
seconds=$2
if [ -z "$name" ]; then
  echo "Fuzz targets:"
  grep -rhoE 'chiron_fuzz\([a-z0-9-]+' fuzz | sed 's/chiron_fuzz(/  /' | sort
  exit 0
fi
for package in clang-19 libclang-rt-19-dev; do
  dpkg -s "$package" >/dev/null 2>&1 || { echo "fuzzing needs $package: apt-get install $package" >&2; exit 1; }
done
cmake --preset fuzz >/dev/null
cmake --build build/fuzz --target "fuzz-$name" -j "$(nproc)"
mkdir -p "build/corpus/$name"
seeds=()
[ -d "fuzz/seeds/$name" ] && seeds=("fuzz/seeds/$name")
exec "build/fuzz/bin/fuzz-$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
  -artifact_prefix="build/corpus/$name-" "build/corpus/$name" "${seeds[@]}"
