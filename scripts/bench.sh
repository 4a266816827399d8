#!/usr/bin/env bash
# Runs one benchmark (bench/NAME.py) or all, and fails where a limit is missed.
set -uo pipefail
cd "$(dirname "$0")/.."
export CHIRON_SHARED=${CHIRON_SHARED:-$(realpath -m ../shared)}
names=("$@")
if [ ${#names[@]} -eq 0 ] || [ -z "${names[0]}" ]; then
  names=()
  for file in bench/*.py; do
    name=$(basename "$file" .py)
    [ "$name" = measure ] || names+=("$name")
  done
fi
status=0
for name in "${names[@]}"; do
  if [ ! -f "bench/$name.py" ]; then
    echo "there is no benchmark $name; there are: $(cd bench && ls *.py | sed 's/\.py$//' | grep -vx measure | tr '\n' ' ')" >&2
    exit 2
  fi
  python3 "bench/$name.py" || status=1
done
exit $status
