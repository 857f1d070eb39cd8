#!/usr/bin/env bash
# Prints the bytes of the runtime without a model: the native library with the C API, and
# where the build has one the wasm module (linked with code that has no functions). Fails
# above the limits.
#
# usage: measure_sizes.sh BUILD [CXX]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
cxx=${2:-clang++-19}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failed=0

report() { # report NAME FILE LIMIT
  local bytes
  bytes=$(stat -c %s "$2")
  printf '%-24s %7d bytes, limit %d\n' "$1" "$bytes" "$3"
  if [ "$bytes" -gt "$3" ]; then
    echo "the $1 is larger than its limit"
    failed=1
  fi
}

# lld keeps one of several functions with the same code.
folding=()
case $cxx in *clang*) folding=(-fuse-ld=lld-19 -Wl,--icf=all) ;; esac
echo '{ global: lobit_*; local: *; };' >api.map
"$cxx" -shared -Wl,--whole-archive "$build/runtime/liblobit.a" -Wl,--no-whole-archive \
  -Wl,--version-script=api.map -Wl,--gc-sections -Wl,-s "${folding[@]}" -o liblobit.so
report "native runtime library" liblobit.so 400000

if [ -f "$build/lib/lobit/runtime-wasm32.o" ]; then
  cat >code.c <<'C'
static const struct { unsigned abi, functionCount; const void *functions; } table = {1, 0, 0};
const void *lobit_code_query(unsigned abi) { return abi == 1 ? &table : 0; }
C
  clang-19 --target=wasm32 -O2 -matomics -mbulk-memory -c code.c -o code.o
  mapfile -t exports < <(sed -n 's/^LOBIT_WASM_EXPORT(\(lobit[a-z_]*\))/--export=\1/p' \
    "$root/runtime/format/WasmExports.inc")
  wasm-ld-19 --no-entry --import-memory --shared-memory --max-memory=4294967296 --gc-sections \
    --strip-all --stack-first -z stack-size=262144 --export-table --export=__stack_pointer \
    --export=lobit_code_query "${exports[@]}" "$build/lib/lobit/runtime-wasm32.o" code.o \
    -o runtime.wasm
  report "wasm runtime module" runtime.wasm 300000
fi
exit "$failed"
