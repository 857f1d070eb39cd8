#!/usr/bin/env bash
# Fuzzes with libFuzzer under AddressSanitizer and UBSan; keeps what it finds in
# build-fuzz/corpus. Ends with 1 when a target crashes; the input is then in build-fuzz.
#   tools/dev/fuzz.sh [SECONDS [TARGET...]]     default: 60 seconds for every target
#   tools/dev/fuzz.sh --mutants [COUNT [SEED]]  seeded mutants of keyed beacons (1000000)
set -euo pipefail
cd "$(dirname "$0")/../.."
source tools/dev/packages.sh
# shellcheck disable=SC2086
installPackages $LOBIT_BUILD_PACKAGES $LOBIT_TEST_PACKAGES

flags="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-sanitize=vptr"
cmake -S . -B build-fuzz -G Ninja -DCMAKE_BUILD_TYPE=None \
  -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 \
  -DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld-19 -DLOBIT_BUILD_COMPILER=OFF -DLOBIT_BUILD_FUZZERS=ON \
  -DCMAKE_C_FLAGS="$flags -fsanitize=fuzzer-no-link" \
  -DCMAKE_CXX_FLAGS="$flags -fsanitize=fuzzer-no-link" >/dev/null

if [ "${1:-}" = --mutants ]; then
  cmake --build build-fuzz --target beacon_mutants
  exec build-fuzz/fuzz/beacon_mutants "${2:-1000000}" "${3:-1}"
fi

seconds=${1:-60}
targets=("${@:2}")
if [ "${#targets[@]}" -eq 0 ]; then
  for folder in test/fuzz/corpus/*/; do targets+=("$(basename "$folder")"); done
fi
cmake --build build-fuzz --target "${targets[@]/#/fuzz_}"
for target in "${targets[@]}"; do
  mkdir -p "build-fuzz/corpus/$target"
  echo "== $target, $seconds seconds"
  (cd build-fuzz && fuzz/"fuzz_$target" -max_total_time="$seconds" -max_len=65536 -timeout=5 \
    -rss_limit_mb=2048 -print_final_stats=1 "corpus/$target" "../test/fuzz/corpus/$target" 2>&1 |
    grep -E 'ERROR|SUMMARY|artifact_prefix|^stat::number_of_executed|^stat::average|DONE|Test unit')
done
