#!/usr/bin/env bash
# Tries the packages of build/packages in a bare Debian 12 root: the tarball as it is unpacked, the Debian package with
# what it depends on. Needs root and debootstrap; the mirror is the machine's own. The bare root is kept in build/bare-root.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v debootstrap >/dev/null || { echo "needs debootstrap: apt-get install debootstrap" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "needs root, for debootstrap and chroot" >&2; exit 2; }
tarball=(build/packages/chiron-*-linux-x86_64.tar.gz)
package=(build/packages/chiron_*.deb)
[ -f "${tarball[0]}" ] && [ -f "${package[0]}" ] || { echo "no packages: run make package" >&2; exit 2; }

bare=${CHIRON_BARE_ROOT:-build/bare-root}
if [ ! -d "$bare" ]; then
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
  rm -rf "$bare.part"
  mkdir -p "$(dirname "$bare")"
  debootstrap --variant=minbase bookworm "$bare.part" "$mirror" >"$bare.log" 2>&1 || { tail -n 5 "$bare.log" >&2; exit 2; }
  mv "$bare.part" "$bare"
fi
root=$(mktemp -d)
trap 'umount "$root/proc" 2>/dev/null || true; rm -rf --one-file-system "$root"' EXIT
cp -a "$bare/." "$root/"
mkdir -p "$root/tmp/example" "$root/tmp/debs/partial"
cp -R examples/. "$root/tmp/example/"
patch -s -p1 -d "$root/tmp/example" <examples/change.patch
cp "${package[0]}" "$root/tmp/chiron.deb"

# The loader finds the libraries beside a program by way of /proc.
mount -t proc proc "$root/proc"

echo "== the tarball, in a root without any of its libraries"
tar -xzf "${tarball[0]}" -C "$root/opt"
cat >"$root/tmp/try.sh" <<'TRY'
set -eu
chiron=$1
"$chiron" --version
"$chiron" check --help >/dev/null
cd /tmp/example
"$chiron" check --dry-run
# Findings are 1; 2 would be a gate that could not run.
code=0; "$chiron" check policy prose --format markdown -o html:/tmp/report.html >/dev/null || code=$?
[ "$code" = 1 ] || { echo "checking the example ended with $code, not 1"; exit 1; }
[ -s /tmp/report.html ]
rm -rf .chiron
TRY
chroot "$root" /bin/sh -ec 'sh /tmp/try.sh /opt/chiron-*/bin/chiron; ! command -v chiron'

echo "== the Debian package, with what it depends on"
# Which packages the bare root lacks is asked of apt here; the root itself needs no network.
apt-get -o Dir::State::status="$(realpath "$root")/var/lib/dpkg/status" -o Dir::Cache::archives="$root/tmp/debs" \
  -o APT::Sandbox::User=root -qq -y --no-install-recommends --download-only install "$root/tmp/chiron.deb" >/dev/null
echo "depends on $(find "$root/tmp/debs" -name '*.deb' | wc -l) packages that are not in a bare root"
chroot "$root" /bin/sh -ec '
  dpkg -i $(find /tmp/debs -name "*.deb" ! -name "chiron_*") /tmp/chiron.deb >/dev/null
  sh /tmp/try.sh chiron
  dpkg -L chiron | grep -q man1/chiron.1
  dpkg -L chiron | grep -q bash-completion/completions/chiron
  dpkg -L chiron | grep -q THIRD-PARTY-NOTICES
  dpkg -r chiron >/dev/null
  ! command -v chiron
'
echo "tarball and Debian package run in a bare Debian 12 root"
