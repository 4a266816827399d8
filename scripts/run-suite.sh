#!/usr/bin/env bash
# Runs a conformance runner over a shared suite: run-suite.sh SUITE RUNNER [ARG…].
# Without the suites' folder the run is reported as skipped (exit 77), or fails where CI demands them.
set -euo pipefail
suite=$1; shift
runner=$1; shift
here=$(cd "$(dirname "$0")/.." && pwd)
shared=${CHIRON_SHARED:-$here/../shared}
folder=$shared/conformance/$suite
if [ ! -d "$folder" ]; then
  echo "suite not run: no folder $suite below the shared conformance data (set CHIRON_SHARED)"
  [ "${CHIRON_REQUIRE_SUITES:-0}" = 1 ] && exit 1
  exit 77
fi
exec "$runner" "$folder" "$@"
