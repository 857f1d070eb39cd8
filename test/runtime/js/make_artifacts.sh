#!/usr/bin/env bash
# Compiles the shipped model and an MLP for wasm and runs them with the baseline code of this
# machine: make_artifacts.sh BIN SOURCE WORK PYTHON
set -euo pipefail
bin=$1 source=$2 work=$3 python=$4 target=wasm,$(uname -m | sed "s/x86_64/x86-64-v1/; s/aarch64/neon/")
mkdir -p "$work"
cd "$work"
inputs=$source/test/e2e/Inputs
"$bin/quant-compile" "$source/models/kjv-bitnet" -o kjv.lobit --target=$target >/dev/null
"$bin/quant-compile" "$source/models/kjv-bitnet" -o native.lobit >/dev/null
"$bin/quant-compile" "$inputs/mlp.mlir" -o mlp.lobit --target=$target --quantize=ternary:absmean >/dev/null

prompt='And the people said unto him, Behold, we are thy servants; and the king wept.'
"$bin/quant-run" kjv.lobit -p "$prompt" -n 0 --logits logits.npy 2>/dev/null
rm -f hidden.bit
if "$bin/quant-run" --help | grep -q beacon-tensor; then # not in a build without beacons
  "$bin/quant-run" kjv.lobit -p "$prompt" -n 0 --beacon-out hidden.bit --beacon-tensor hidden \
    --beacon-max 1 2>/dev/null
fi
"$bin/quant-run" kjv.lobit -p "$prompt" -n 40 --temperature 0 --json >greedy.json
"$bin/quant-run" kjv.lobit -p "$prompt" -n 40 --temperature 0.8 --top-k 40 --top-p 0.95 \
  --min-p 0.02 --repetition-penalty 1.1 --seed 7 --json >sampled.json
"$python" "$inputs/mlp_reference.py" input x.npy
"$bin/quant-run" mlp.lobit --input x.npy --output y.npy >/dev/null
cp "$source/models/kjv-bitnet/reference/tokenizer_cases.json" .
