#!/usr/bin/env bash
# Installs the runtime into a prefix, builds a stranger's project against it (CMake and
# pkg-config), runs it on an artifact and prints the program's size.
# usage: install_test.sh BUILD_DIR WORK_DIR MAKE_FAKE_ARTIFACTS CC CXX C_FLAGS CXX_FLAGS
set -euo pipefail
source_dir=$(cd "$(dirname "$0")" && pwd)
build=$1 work=$2 make_artifacts=$3 cc=$4 cxx=$5 cflags=$6 cxxflags=$7
rm -rf "$work" && mkdir -p "$work"
cmake --install "$build" --prefix "$work/prefix" --component runtime >/dev/null
"$make_artifacts" "$work"

cmake -S "$source_dir/project" -B "$work/hello" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" \
  -DCMAKE_C_FLAGS="$cflags -Wall -Wextra -Werror" -DCMAKE_CXX_FLAGS="$cxxflags -Wall -Wextra -Werror" >/dev/null
cmake --build "$work/hello" -j1 >/dev/null

export PKG_CONFIG_PATH="$work/prefix/lib/pkgconfig:$work/prefix/lib/$("$cc" -dumpmachine)/pkgconfig"
# shellcheck disable=SC2046,SC2086
"$cc" $cflags $(pkg-config --define-prefix --cflags lobit) "$source_dir/hello_terse.c" -o "$work/hello_pkg" \
  $(pkg-config --define-prefix --libs lobit) -lm

want=$("$work/hello/hello_terse_c" "$work/model.lobit" | sha256sum)
for program in "$work/hello/hello_cpp" "$work/hello_pkg"; do
  [ "$("$program" "$work/model.lobit" | sha256sum)" = "$want" ] || { echo "$program differs"; exit 1; }
done
"$work/hello/hello_explained_c" "$work/model.lobit" >"$work/explained"
grep -q "code for x86-64-v1: runs here" "$work/explained"
if [ -f "$work/prefix/include/lobit/beacon.h" ]; then
  # shellcheck disable=SC2046,SC2086
  "$cc" $cflags $(pkg-config --define-prefix --cflags lobit-beacon) "$source_dir/hello_beacon.c" \
    -o "$work/beacon_pkg" $(pkg-config --define-prefix --libs lobit-beacon) -lm
  for program in "$work/hello/hello_beacon_c" "$work/beacon_pkg"; do
    "$program" "$work/model.lobit" >"$work/beacon"
    grep -q " rows, SDS " "$work/beacon"
  done
fi
if "$work/hello/hello_terse_c" /nonexistent 2>"$work/error"; then exit 1; fi
grep -q "cannot be opened" "$work/error"
cp "$work/hello/hello_terse_c" "$work/stripped" && strip "$work/stripped"
echo "hello_terse, stripped: $(stat -c %s "$work/stripped") bytes"
