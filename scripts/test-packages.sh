#!/usr/bin/env bash
# Tries the packages of build/packages in a bare Debian 12 root: the tarball as it is unpacked, the Debian package by dpkg.
# Needs root and debootstrap; the mirror is the machine's own.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v debootstrap >/dev/null || { echo "needs debootstrap: apt-get install debootstrap" >&2; exit 2; }
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
debootstrap --variant=minbase bookworm "$root" "$mirror" >/dev/null
tar -xzf build/packages/chiron-*-linux-x86_64.tar.gz -C "$root/opt"
cp build/packages/chiron_*.deb "$root/tmp/"
mkdir -p "$root/tmp/example" && cp -R examples/. "$root/tmp/example/"
chroot "$root" /bin/sh -ec '
  set -- /opt/chiron-*/bin/chiron
  "$1" --version
  cd /tmp/example && { "$1" check --dry-run; }
  dpkg -i /tmp/chiron_*.deb >/dev/null
  chiron --version
  chiron check --help >/dev/null
  dpkg -L chiron | grep -q man1/chiron.1
'
echo "tarball and Debian package run in a bare Debian 12 root"
