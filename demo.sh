#!/usr/bin/env bash
# Builds Lobit, compiles the shipped ternary model for this machine into one file,
# lets it write, proves the file right, shows its speed and watches it for drift.
#   ./demo.sh [-p PROMPT] [--seed N] [-n TOKENS]
set -euo pipefail
cd "$(dirname "$0")"

prompt="And it came to pass in those days, that"
seed=7
tokens=160
while [ $# -gt 0 ]; do
  case "$1" in
  -p) prompt=$2; shift 2 ;;
  --seed) seed=$2; shift 2 ;;
  -n) tokens=$2; shift 2 ;;
  *) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done

source tools/dev/packages.sh
# shellcheck disable=SC2086
installPackages $LOBIT_BUILD_PACKAGES

step() { printf '\n== %s\n' "$*" >&2; }

step "build (the first time takes some minutes)"
cmake --preset release -DLOBIT_BUILD_TESTS=OFF >/dev/null
cmake --build build-release

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
bin=build-release/bin

step "compile models/kjv-bitnet for x86 into one file"
$bin/quant-compile models/kjv-bitnet -o "$out/model.lobit" --target=x86
ls -l "$out/model.lobit" | awk '{ printf "model.lobit: %d bytes\n", $5 }'

step "verify the file, then prove its code right on this CPU"
$bin/quant-dump "$out/model.lobit" --verify
$bin/quant-run "$out/model.lobit" --self-test

step "the kernels this CPU uses"
$bin/quant-run "$out/model.lobit" -p "$prompt" -n 16 --temperature 0 --explain

step "text"
$bin/quant-run "$out/model.lobit" -p "$prompt" -n "$tokens" \
  --temperature 0.8 --top-k 40 --seed "$seed" -t "$(nproc)"

step "beacons: keep the statistics of a text in the model, then watch it read others"
# Every other eight lines are the calibration, the rest is what the model reads later.
awk -v a="$out/calibration.txt" -v b="$out/same.txt" \
  '{ print > (int(NR / 8) % 2 ? a : b) }' models/kjv-heldout.txt
python3 tools/dev/plain_text.py README.md docs/*.md docs/rationale/*.md >"$out/other.txt"
$bin/quant-compile models/kjv-bitnet -o "$out/watched.lobit" --calibration "$out/calibration.txt" \
  --calibration-tokens 20000 >/dev/null
$bin/bit-beacon keygen "$out/key"
beacon() { # beacon NAME TEXT [OPTIONS...]: the alarm is set at SDS 10
  $bin/quant-eval "$out/watched.lobit" --text "$2" --beacon-out "$out/$1.bit" --beacon-max 100000 \
    --beacon-window first --beacon-ref builtin --beacon-sds-w-trS 0 --beacon-threshold SDS=10 \
    --beacon-hmac-key-file "$out/key" "${@:3}"
}
beacon same "$out/same.txt" --beacon-sequence 1
$bin/bit-beacon verify "$out/same.bit" --hmac-key-file "$out/key"
code=0
beacon other "$out/other.txt" --beacon-previous "$out/same.bit" || code=$?
[ "$code" -eq 8 ] || { echo "expected a drift alarm, exit code 8, found $code" >&2; exit 1; }
$bin/bit-beacon watch "$out" --hmac-key-file "$out/key" || [ $? -eq 8 ]
