#!/usr/bin/env bash
# Power cuts: a daemon writes to a disk, and at random moments that disk is copied
# as it is, at once, which is what a cut leaves. On every copy the daemon's data
# opens, is sound, and has each write that was acknowledged before.
#
#     test.sh PROGRAM CUTS
#
# The disk is an ext4 file system on a loop device; its file lies on btrfs, which
# copies it in one step. Needs root, and btrfs-progs.
set -euo pipefail
program=$1 cuts=$2
work=$(mktemp -d)
mkdir "$work/pool" "$work/disk" "$work/cut"
clean() {
  for p in ${writer:-} ${daemon:-}; do kill "$p" && wait "$p" || true; done 2>/dev/null
  # What the writer had begun may hold the disk for a moment more.
  for m in cut disk pool; do umount -l "$work/$m" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean EXIT

truncate -s 3G "$work/pool.img"
mkfs.btrfs -q "$work/pool.img" >/dev/null 2>&1
mount -o loop "$work/pool.img" "$work/pool"
truncate -s 600M "$work/pool/disk.img"
mkfs.ext4 -q "$work/pool/disk.img"
mount -o loop "$work/pool/disk.img" "$work/disk"
data=$work/disk/data

on() { local dir=$1; shift; "$program" --data "$dir" --lang en "$@"; }
on "$data" init --place A --name Communs >/dev/null
on "$data" up --no-mdns --http none >"$work/log" 2>&1 &
daemon=$!
until [ -S "$data/navette.sock" ]; do kill -0 $daemon; done

# Each tag is noted once its write was acknowledged.
: >"$work/acked"
(
  i=0
  while :; do
    i=$((i + 1))
    on "$data" add tool "name=Outil $i" "tag=P-$i" >/dev/null && echo "P-$i" >>"$work/acked"
  done
) &
writer=$!

for cut in $(seq "$cuts"); do
  sleep "0.$(shuf -i 100-500 -n 1)"
  before=$(wc -l <"$work/acked")
  cp --reflink=always "$work/pool/disk.img" "$work/pool/cut.img"
  mount -o loop "$work/pool/cut.img" "$work/cut"
  on "$work/cut/data" list tools --json | sed -n 's/.*"value": "\(P-[0-9]*\)".*/\1/p' | sort >"$work/there"
  head -n "$before" "$work/acked" | sort >"$work/wanted"
  lost=$(comm -13 "$work/there" "$work/wanted" | wc -l)
  if [ "$lost" -ne 0 ]; then echo "cut $cut: $lost of $before acknowledged writes are lost"; exit 1; fi
  on "$work/cut/data" check --read-data >"$work/check" || { echo "cut $cut:"; cat "$work/check"; exit 1; }
  umount "$work/cut"
  rm "$work/pool/cut.img"
  kill -0 $daemon $writer
done
echo "$cuts cuts while $(wc -l <"$work/acked") writes were acknowledged: none is lost"
[ "$(wc -l <"$work/acked")" -gt "$cuts" ]
