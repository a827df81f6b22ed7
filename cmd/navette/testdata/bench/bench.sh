#!/bin/sh
# Navette's figures, measured on real daemons; as root. Where the harness lies
# beside this repository (../shared/bench/sync), other programs run in the same
# go and are set up from npm and Debian; else Navette runs alone.
#
# N=10000 records, PEERS of yjs hyper pouch automerge syncthing, DIR to work in.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../../.." && pwd)
N=${N:-10000} PEERS=${PEERS-yjs hyper pouch syncthing} DIR=${DIR:-$top/.bin/bench}
harness=${HARNESS:-$top/../shared/bench/sync}

# Namespaces of its own: whatever is left of it goes with its last process.
if [ -z "${BENCH_ISOLATED:-}" ]; then
  export BENCH_ISOLATED=1
  mkdir -p "$DIR"
  (cd "$top" && go build -trimpath -o "$DIR/navette" ./cmd/navette && go build -o "$DIR/bench" "$here")
  if [ -d "$harness" ]; then
    # A program that can't be set up is left out, and that is said at the end.
    for p in $PEERS; do
      "$harness/setup.sh" "$DIR/sync" "$p" >"$DIR/setup-$p.log" 2>&1 || echo "not set up: $p (see $DIR/setup-$p.log)"
    done
    [ -n "$PEERS" ] || "$harness/setup.sh" "$DIR/sync" yjs >"$DIR/setup.log" 2>&1
  fi
  exec unshare --net --mount --pid --fork --mount-proc "$0"
fi
mount -t tmpfs -o mode=755 none /run
ip link set lo up

export NAVETTE="$DIR/navette" BENCH="$DIR/bench"
rm -rf "$DIR/results" "$DIR/writes" && mkdir -p "$DIR/results" "$DIR/writes"
failed=
if [ -d "$DIR/sync" ] && [ -d "$harness" ]; then
  cp "$here/run-navette.py" "$DIR/sync"
  cd "$DIR/sync"
  rm -rf results && mkdir results
  python3 run-navette.py "$N" || failed="$failed navette"
  for p in $PEERS; do
    case $p in
      syncthing) python3 run-syncthing.py "$N" --nowatch --live 20 || failed="$failed $p" ;;
      *) python3 run-js.py "$p" "$N" || failed="$failed $p" ;;
    esac
  done
  cp results/*.json "$DIR/results"
else
  rm -rf "$DIR/alone" && mkdir "$DIR/alone"
  "$BENCH" alone -navette "$NAVETTE" -dir "$DIR/alone" -n "$N" -o "$DIR/results/navette-$N.json"
fi
"$BENCH" writes -navette "$NAVETTE" -dir "$DIR/writes" -o "$DIR/results/writes.json" 2>"$DIR/writes.log"
echo
echo "load of this machine: $(cut -d ' ' -f 1-3 /proc/loadavg) on $(nproc) cores"
"$BENCH" table "$N" "$DIR"/results/*.json
[ -z "$failed" ] || { echo "failed:$failed"; exit 1; }
