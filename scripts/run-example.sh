#!/usr/bin/env bash
# Checks a copy of the example workspace, so that the sources stay clean, and says what to do next.
set -euo pipefail
chiron=$(realpath "$1")
here=$(cd "$(dirname "$0")/.." && pwd)
work=$here/build/example
rm -rf "$work"
mkdir -p "$work"
cp -R "$here/examples/." "$work/"
cd "$work"
# A history of its own: a base commit on main and a change on a branch, so that --since has something to compare.
./make-history.sh >/dev/null
code=0
"$chiron" check --since main -o html:report.html -o sarif:report.sarif || code=$?
if [ "$code" -gt 1 ]; then
  echo "chiron check could not run (exit code $code)" >&2
  exit "$code"
fi
echo
echo "The example has something to find on purpose. The page with everything: $work/report.html"
echo "On your own repository:  cd YOUR-REPOSITORY && $chiron init && $chiron check"
