#!/usr/bin/env bash
# Fetches the grammars that cmake/grammars.txt pins, through npm and the registry that it is set up for, into a cache
# outside of the checkout, so that checkouts share it and `make clean` keeps it. Does nothing where all are there.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${CHIRON_GRAMMARS:-${XDG_CACHE_HOME:-$HOME/.cache}/chiron/grammars}

fetch() {
  local name=$1 version=$2 digest=$3 work=$4
  local file=$work/$name-$version.tgz
  (cd "$work" && npm pack --silent --ignore-scripts "$name@$version" >/dev/null)
  echo "$digest  $file" | sha512sum --check --status || {
    echo "$name $version is not the package that cmake/grammars.txt names: its SHA-512 differs" >&2
    return 1
  }
  # The sources of parsers and scanners, and the terms; not the bindings for other languages.
  mkdir "$work/package"
  tar -tzf "$file" | grep -E '^package/(LICENSE|common/.*\.h|(.*/)?src/([a-z_]+\.c|tree_sitter/[a-z]+\.h))$' >"$work/wanted"
  tar -xzf "$file" -C "$work/package" --strip-components=1 --no-same-owner -T "$work/wanted"
  # Another run may have been faster.
  mv -T "$work/package" "$cache/$name-$version" 2>/dev/null || [ -f "$cache/$name-$version/LICENSE" ]
}

while read -r name version digest; do
  case $name in '#'* | '') continue ;; esac
  [ ! -f "$cache/$name-$version/LICENSE" ] || continue
  if ! command -v npm >/dev/null; then
    echo "npm is missing: install Node.js with npm, or put the packages of cmake/grammars.txt, unpacked, below $cache" >&2
    exit 1
  fi
  echo "Fetching $name $version"
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/.fetch-XXXXXX")
  status=0
  fetch "$name" "$version" "$digest" "$work" </dev/null || status=$?
  rm -rf "$work"
  [ $status = 0 ] || exit $status
done <cmake/grammars.txt
