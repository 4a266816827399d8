#!/usr/bin/env bash
# Installs what a fresh Debian 12 lacks to build and test Chiron. Does nothing, and needs no network, where all is there.
set -euo pipefail

if [ "$(uname -s)" != Linux ] || [ "$(uname -m)" != x86_64 ]; then
  echo "Chiron builds for Linux on x86-64 only; this is $(uname -s) on $(uname -m)." >&2
  exit 1
fi

packages=(
  # tools
  g++ cmake make time file dpkg-dev ninja-build ccache mold git python3 pkg-config ca-certificates
  # libraries that are linked
  libfmt-dev rapidjson-dev libyaml-dev libtomlplusplus-dev libpugixml-dev libexpat1-dev libgumbo-dev libcli11-dev
  libre2-dev libvectorscan-dev libpcre2-dev libgmp-dev libabsl-dev libvalijson-dev libssl-dev libsqlite3-dev
  libarchive-dev zlib1g-dev libdeflate-dev libzstd-dev liblzma-dev libbz2-dev liblz4-dev
  nettle-dev libmd4c-dev libhunspell-dev libtree-sitter-dev libelf-dev libdw-dev libcapstone-dev
  libpng-dev libjpeg62-turbo-dev libturbojpeg0-dev libgif-dev libcurl4-openssl-dev
  # tests
  doctest-dev librapidcheck-dev hunspell-en-us libgtest-dev libgmock-dev catch2 libboost-test-dev python3-pytest python3-coverage
  sqlite3 gettext openssl
)

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
# Without its grammars the program builds too, and finds comments by their delimiters.
grammars() {
  scripts/grammars.sh || echo "Going on without grammars: comments of source code are found by delimiters only." >&2
}
cd "$(dirname "$0")/.."
[ ${#missing[@]} -gt 0 ] || { grammars; exit 0; }

if ! command -v apt-get >/dev/null; then
  echo "These Debian packages are missing, and there is no apt-get to install them: ${missing[*]}" >&2
  exit 1
fi
run=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "Run as root, or install: ${missing[*]}" >&2; exit 1; }
  run=(sudo)
fi
echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
"${run[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${run[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
grammars
