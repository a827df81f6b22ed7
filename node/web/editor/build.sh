#!/bin/sh
# Builds the editor of pages from the packages that package-lock.json pins, into
# the file named: the same bytes each time, which a test checks. `make editor`
# is how to run it.
set -eu
out=$(realpath -m "$1")
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp package.json package-lock.json editor.js "$work"
cd "$work"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
./node_modules/.bin/esbuild editor.js --bundle --minify --format=iife --target=es2020 --charset=utf8 --legal-comments=none --log-level=warning \
  --banner:js='/* Built from node/web/editor by "make editor". With CodeMirror 6 and Lezer: MIT License, (C) 2018-2021 by Marijn Haverbeke and others. */' \
  --outfile="$out"
