#!/bin/bash
# Searches all that can happen in the two models beside this script: the right
# one must hold, and the wrong one must be found out.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# search MODEL DEFINITION…: whether an assertion fails, and in how many states
search() {
	local model=$1; shift
	spin -a "$@" "$here/$model.pml" >/dev/null
	gcc -O1 -w -DSAFETY -o pan pan.c
	./pan -m100000 >out
	grep -q 'max search depth too small' out && { cat out; exit 1; }
	states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' out)
	grep -q 'errors: 0' out
}

for trap in 'subscribe -DLATE' 'credit -DCREDIT=3'; do
	read -r model wrong <<<"$trap"
	search "$model" || { echo "$model: the right model fails"; cat out; exit 1; }
	echo "$model: holds in all $states states"
	if search "$model" "$wrong"; then echo "$model $wrong: the mistake isn't found"; exit 1; fi
	echo "$model $wrong: found out"
done
