#!/usr/bin/env bash
# Builds test programs with the address and undefined-behaviour sanitizers and runs them: sanitizers.sh [TEST…].
# Without names: all of our own.
set -euo pipefail
cd "$(dirname "$0")/.."
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(unit-tests chiron)
jobs=${JOBS:-$(nproc)}
cmake --preset asan >/dev/null
cmake --build build/asan --target "${targets[@]}" -j "$jobs"
chosen=(-L '^unit$')
[ $# -eq 0 ] || chosen=(-R "^($(IFS='|'; echo "$*"))$")
ctest --test-dir build/asan "${chosen[@]}" --output-on-failure -j "$jobs"
