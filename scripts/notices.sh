#!/usr/bin/env bash
# Writes the notices of third-party code that is in the program: the packages of every static archive that is linked
# and of every header that was compiled in, found from the build itself.
set -euo pipefail
build=$1
out=$2
cd "$build"
files=$(mktemp)
trap 'rm -f "$files"' EXIT
ninja -t commands bin/chiron | tail -n 1 | tr ' ' '\n' | grep -E '^/.*\.(a|so)$' >"$files" || true
ninja -t deps | grep -oE '/usr/include/[^ ]+' >>"$files" || true
packages=$(sort -u "$files" | xargs -r realpath 2>/dev/null | sort -u | xargs -r dpkg -S 2>/dev/null | sed -E 's/(:amd64)?: .*//; s/, .*//' |
  grep -vE '^(libc6-dev|linux-libc-dev|doctest-dev|librapidcheck-dev|libbenchmark-dev|libcrypt-dev)$' | sort -u)
{
  echo "Chiron contains code of the following packages of Debian 12, each under the terms that follow its name."
  for package in $packages; do
    printf '\n%s\n%s\n\n' "$(printf '=%.0s' {1..100})" "$package $(dpkg-query -W -f='${Version}' "$package" 2>/dev/null)"
    copyright=/usr/share/doc/${package%%:*}/copyright
    if [ -f "$copyright" ]; then cat "$copyright"; else echo "(no copyright file is installed; see the package)"; fi
  done
  # The grammars of tree-sitter come from npm packages.
  for parser in $(grep -oE '[^ "]+/tree-sitter-[a-z]+-[0-9.]+/([a-z]+/)?src/parser\.c"' compile_commands.json | sort -u); do
    folder=$(echo "$parser" | sed -E 's,(/tree-sitter-[a-z]+-[0-9.]+)/.*,\1,')
    printf '\n%s\n%s\n\n' "$(printf '=%.0s' {1..100})" "$(basename "$folder")"
    cat "$folder/LICENSE"
  done
} >"$out.tmp"
mv "$out.tmp" "$out"
echo "$(echo "$packages" | wc -l) packages in $out"
