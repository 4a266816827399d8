#!/bin/sh
# Makes a repository of this folder: the library on main, the change on the branch express.
set -eu
cd "$(dirname "$0")"
[ ! -e .git ] || { echo "there is a repository here already" >&2; exit 1; }
git init -q -b main .
git config user.name "Parcel" && git config user.email "parcel@example.org"
git add . && git commit -q -m "Postage by weight and zone"
git checkout -q -b express
git apply change.patch
git add . && git commit -q -m "Express delivery"
