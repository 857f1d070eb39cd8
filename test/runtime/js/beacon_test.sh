#!/usr/bin/env bash
# Runs the tests of runtime/js/beacon in node, with its one dependency from npm.
# usage: beacon_test.sh SOURCE_DIR WORK_DIR BEACON_MUTANTS     77: skipped
set -euo pipefail
source=$1 work=$2 mutants=$3
rm -rf "$work" && mkdir -p "$work"
cp "$source"/runtime/js/beacon/*.{js,json} "$work"
if ! (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1); then
  echo "skipped: npm cannot fetch @noble/hashes"
  cat "$work/npm.log"
  exit 77
fi
PACKAGE=$work CORPUS=$source/test/fuzz/corpus/beacon MUTANTS=$mutants \
  node --test "$source/test/runtime/js/beacon.test.mjs"
