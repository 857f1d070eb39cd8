#!/usr/bin/env bash
# Compiles the shipped model as a static library and as a file; a static program with the
# library must write what a program with the file writes.
# usage: embed_test.sh BUILD_DIR WORK_DIR MODEL_DIR CC
set -euo pipefail
source_dir=$(cd "$(dirname "$0")" && pwd)
build=$1 work=$2 model=$3 cc=$4
rm -rf "$work" && mkdir -p "$work"
cmake --install "$build" --prefix "$work/prefix" --component runtime >/dev/null
compile=("$build/bin/quant-compile" "$model" --target=x86-64-v1)
"${compile[@]}" --emit=static-lib -o "$work/model.a" >/dev/null
"${compile[@]}" --emit=c-header -o "$work/model.h" >/dev/null
"${compile[@]}" -o "$work/model.lobit" >/dev/null

export PKG_CONFIG_PATH="$work/prefix/lib/pkgconfig"
link() { # link PROGRAM SOURCE [FLAGS...]
  # shellcheck disable=SC2046
  "$cc" -I"$work" $(pkg-config --define-prefix --cflags lobit) "$source_dir/$2" -o "$work/$1" "${@:3}" \
    $(pkg-config --define-prefix --libs lobit) -lm
}
link embedded hello_embedded.c -static "$work/model.a"
link from_file hello_terse.c
"$work/embedded" >"$work/embedded.txt"
"$work/from_file" "$work/model.lobit" >"$work/file.txt"
test -s "$work/embedded.txt"
cmp "$work/embedded.txt" "$work/file.txt"
cp "$work/embedded" "$work/stripped" && strip "$work/stripped"
echo "hello_embedded with its model, static, stripped: $(stat -c %s "$work/stripped") bytes"
