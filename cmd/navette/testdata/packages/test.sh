#!/usr/bin/env bash
# Installs, upgrades, rolls back, removes and purges the Debian package in a
# folder of its own, with dpkg's --root and without its network or services:
#
#     test.sh FOLDER-OF-THE-RELEASE VERSION
set -euo pipefail
release=$1 version=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root data=$root/var/lib/navette
mkdir -p "$root/var/lib/dpkg" "$root/etc"
touch "$root/var/lib/dpkg/status" "$root/etc/passwd" "$root/etc/group"
deb=$release/navette_${version}_$(dpkg --print-architecture).deb

(cd "$release" && sha256sum --quiet -c SHA256SUMS)
echo 'checksums: right'

# The same package as a later version.
dpkg-deb -R "$deb" "$work/next"
sed -i "s/^Version: .*/Version: $version.1/" "$work/next/DEBIAN/control"
dpkg-deb -Zgzip -b "$work/next" "$work/next.deb" >/dev/null

dpkg() { DEBIAN_FRONTEND=noninteractive command dpkg --root="$root" --force-script-chrootless --force-not-root --log=/dev/null "$@" </dev/null; }
navette() { "$root/usr/bin/navette" --data "$data" --lang en "$@"; }
is() { if [ "$2" != "$3" ]; then echo "$1: got '$2', want '$3'"; exit 1; fi; echo "$1: $2"; }

dpkg -i "$deb" >/dev/null
is 'installed' "$(dpkg -s navette | sed -n 's/^Version: //p')" "$version"
is 'needs other packages' "$(dpkg -s navette | grep -c '^Depends' || true)" 0
is 'the data folder is private' "$(stat -c %a "$data")" 700
is 'a user' "$(grep -c '^navette:' "$root/etc/passwd")" 1
for f in usr/lib/systemd/system/navette.service etc/navette/navette.toml usr/share/man/man1/navette.1.gz usr/share/man/fr/man1/navette.1.gz \
  usr/share/bash-completion/completions/navette usr/share/doc/navette/README.Debian usr/share/doc/navette/boards/512mb.toml; do
  [ -s "$root/$f" ] || { echo "$f isn't there"; exit 1; }
done
navette init --place 'La Fabrique' --name 'Communs' >/dev/null
navette add tool name=Laser tag=L-1 >/dev/null
before=$(navette fingerprint --json)
echo '# mine' >>"$root/etc/navette/navette.toml"

dpkg -i "$work/next.deb" >/dev/null
is 'upgraded' "$(dpkg -s navette | sed -n 's/^Version: //p')" "$version.1"
is 'the data is the same' "$(navette fingerprint --json)" "$before"
is 'settings are kept' "$(tail -n 1 "$root/etc/navette/navette.toml")" '# mine'
is 'the program before is kept' "$("$root/usr/lib/navette/previous" version | grep -c "$version")" 1

dpkg -i "$deb" >/dev/null 2>&1
is 'rolled back' "$(dpkg -s navette | sed -n 's/^Version: //p')" "$version"
is 'the data is the same' "$(navette fingerprint --json)" "$before"
navette add tool name=Scie tag=S-1 >/dev/null

dpkg -r navette >/dev/null
is 'removed, with the data kept' "$(ls -d "$data"/keys)" "$data/keys"
dpkg -i "$deb" >/dev/null
is 'installed again' "$(navette list tools | wc -l)" 2

dpkg -P navette >/dev/null 2>"$work/said"
is 'purged where nobody can answer' "$(grep -v ^dpkg: "$work/said")" "Navette's data stays in /var/lib/navette."
is 'with the data kept' "$(ls -d "$data"/keys)" "$data/keys"
dpkg -i "$deb" >/dev/null
NAVETTE_PURGE=yes dpkg -P navette >/dev/null
is 'purged with a yes' "$([ -e "$data" ] && echo there || echo gone)" gone
is 'nothing is left' "$(find "$root/usr" "$root/etc/navette" -type f 2>/dev/null | wc -l)" 0
