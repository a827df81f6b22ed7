#!/usr/bin/env bash
# The program of an arm64 package runs the script of two places, under qemu-user:
#
#     arm64.sh PACKAGE
set -euo pipefail
if ! command -v qemu-aarch64 >/dev/null; then
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends qemu-user >/dev/null
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dpkg-deb -x "$1" "$work/root"
file=$work/root/usr/bin/navette
qemu-aarch64 "$file" version
printf '#!/bin/sh\nexec qemu-aarch64 %s "$@"\n' "$file" >"$work/navette"
chmod 755 "$work/navette"
NAVETTE_PROGRAM=$work/navette go test -count=1 -timeout 20m -tags netns -run TestNetns/two-places "$(dirname "$0")/../.."
