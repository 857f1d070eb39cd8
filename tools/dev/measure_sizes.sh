#!/usr/bin/env bash
# Prints the bytes of the runtime without a model: the wasm module (linked with code that has
# no functions) and the native library, stripped.
#
# usage: measure_sizes.sh BUILD
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >code.c <<'C'
static const struct { unsigned abi, functionCount; const void *functions; } table = {1, 0, 0};
const void *lobit_code_query(unsigned abi) { return abi == 1 ? &table : 0; }
C
clang-19 --target=wasm32 -O2 -matomics -mbulk-memory -c code.c -o code.o
mapfile -t exports < <(sed -n 's/^LOBIT_WASM_EXPORT(\(lobit[a-z_]*\))/--export=\1/p' \
  "$root/runtime/format/WasmExports.inc")
wasm-ld-19 --no-entry --import-memory --shared-memory --max-memory=4294967296 --gc-sections \
  --strip-all --stack-first -z stack-size=262144 --export-table --export=__stack_pointer \
  --export=lobit_code_query "${exports[@]}" "$build/lib/lobit/runtime-wasm32.o" code.o -o runtime.wasm
clang++-19 -shared -fuse-ld=lld-19 -Wl,--whole-archive "$build/runtime/liblobit.a" \
  -Wl,--no-whole-archive -Wl,--gc-sections -Wl,-s -o liblobit.so
printf 'wasm runtime module      %7d bytes\n' "$(stat -c %s runtime.wasm)"
printf 'native runtime library   %7d bytes\n' "$(stat -c %s liblobit.so)"
