#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the models that ship.  Usage: make.sh WORK MODELS
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${1:?folder for checkpoints}
models=${2:?folder for models}
ternary_steps=${TERNARY_STEPS:-2017}
dense_steps=${DENSE_STEPS:-2009}
python=/usr/bin/python3
# One thread each; memory of big tensors is reused, not returned each time.
export OMP_NUM_THREADS=1 MALLOC_MMAP_THRESHOLD_=1073741824 \
  MALLOC_TRIM_THRESHOLD_=4294967296 MALLOC_TOP_PAD_=268435456
mkdir -p "$work" "$models"
text=$work/train.txt
held=$models/kjv-heldout.txt
token=$work/tokenizer

$python "$here/prepare_text.py" --train "$text" --heldout "$held" \
  --calibration "$models/kjv-calibration.txt"
$python "$here/train_tokenizer.py" --text "$text" --out "$token"
train() {
  $python "$here/train.py" --text "$text" --heldout "$held" \
    --tokenizer "$token/tokenizer.json" "$@"
}
train --lr 2.5e-3 --steps "$ternary_steps" --out "$work/ternary.pt" \
  >"$work/ternary.log" &
ternary=$!
train --dense --lr 1.5e-3 --steps "$dense_steps" --out "$work/dense.pt" \
  >"$work/dense.log" &
dense=$!
wait $ternary
wait $dense

for pair in ternary:kjv-bitnet:2:36 dense:kjv-dense:1:20; do
  name=${pair%%:*} rest=${pair#*:}
  out=$models/${rest%%:*} rest=${rest#*:}
  $python "$here/export.py" --checkpoint "$work/$name.pt" \
    --tokenizer "$token" --out "$out"
  $python "$here/reference.py" --model "$out" --text "$held" \
    --prompts "${rest%:*}" --tokens "${rest#*:}" --out "$out/reference"
done
$python "$here/tokenizer_cases.py" --tokenizer "$token/tokenizer.json" \
  --text "$held" --out "$models/kjv-bitnet/reference/tokenizer_cases.json"
$python "$here/byte_baseline.py" --text "$text" --heldout "$held"
for row in 256 512; do
  $python "$here/evaluate.py" --text "$held" --row $row \
    "$models/kjv-bitnet" "$models/kjv-dense"
done
