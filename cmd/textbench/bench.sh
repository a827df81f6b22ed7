#!/bin/sh
# Navette's text beside other programs', on recorded editing sessions. Where the
# harness lies beside this repository (../shared/bench/text, or HARNESS) and
# node is there, the peers run in the same go and times are ratios to the best of
# them; else only ours, on the sessions that the tests have.
#
# ROUNDS=3, RECORDED="automerge-paper friendsforever …", MEASURES=local,merge,…,
# DIR to work in.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
DIR=${DIR:-$top/.bin/bench-text} HARNESS=${HARNESS:-$top/../shared/bench/text} ROUNDS=${ROUNDS:-3}
cd "$top"
mkdir -p "$DIR"
go build -trimpath -o "$DIR/textbench" ./cmd/textbench
echo "load of this machine: $(cut -d ' ' -f 1-3 /proc/loadavg) on $(nproc) cores"
"$DIR/textbench" grow
echo
if [ ! -f "$HARNESS/setup.sh" ] || ! command -v npm >/dev/null; then
  echo "no other programs: no harness at $HARNESS, or no npm"
  for m in local merge load encode stream; do "$DIR/textbench" $m sveltecomponent; done
  for m in merge load encode dag stream; do "$DIR/textbench" $m friendsforever; done
  exit
fi
RECORDED=${RECORDED:-automerge-paper rustcode sveltecomponent egwalker friendsforever node_nodecc}
export TRACES="${TRACES:-$HARNESS/../../data/traces}"
if [ ! -f "$DIR/peers/.ready" ]; then
  # shellcheck disable=SC2086 # words
  "$HARNESS/setup.sh" "$DIR/peers" $RECORDED >"$DIR/setup.log" 2>&1 || { cat "$DIR/setup.log"; exit 1; }
  touch "$DIR/peers/.ready"
fi
failed=
for t in $RECORDED; do
  case $t in
    friendsforever | clownschool) measures=merge,load,dag,stream ;;
    node_nodecc | git-makefile) measures=merge,load,dag ;; # the peers can't stream it
    *) measures=local,merge,load ;;
  esac
  node "$DIR/peers/rotate.mjs" --ours "$DIR/textbench" --traces "$t" --measures "${MEASURES:-$measures}" --rounds "$ROUNDS" || failed="$failed $t"
done
echo
# shellcheck disable=SC2086
"$DIR/textbench" beside "$DIR/peers" $RECORDED
[ -z "$failed" ] || { echo "wrong text:$failed"; exit 1; }
