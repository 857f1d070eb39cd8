#!/usr/bin/env python3
"""How many rows of the head a certified estimate leaves (docs/performance.md).

The high bits of each int8 row give an estimate of its dot product with the int8 input x;
the error is at most |d| |x|, d the low bits less their middle. Only rows whose upper bound
reaches the largest lower bound (greedy) or the 40th (top 40) need their low bits.

usage: measure_two_stage_head.py [MODEL_FOLDER] [POSITIONS]
"""
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "dev" / "models"))
import inference  # noqa: E402


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "models" / "kjv-bitnet"
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 400
    model = inference.Model(folder)
    tokens = np.load(folder / "reference" / "long_tokens.npy").ravel()[:count]
    norm, inputs = model.norm, {}

    def keep(x, name):
        inputs[name] = norm(x, name)
        return inputs[name]

    model.norm = keep
    model.forward(tokens)
    x = inputs["model.norm"]
    weight = model.w["model.embed_tokens.weight"]
    scale = np.abs(weight).max(1, keepdims=True) / 127
    rows = np.rint(weight / scale).clip(-127, 127)
    x = np.rint(x * (127 / np.abs(x).max(1, keepdims=True))).clip(-128, 127)
    for bits in (4, 5, 6):
        step = 1 << (8 - bits)
        high = np.floor((rows + 128) / step)
        low = rows + 128 - high * step - (step - 1) / 2
        estimate = x @ (rows - low).T
        bound = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(low, axis=1)[None]
        lower, upper = (estimate - bound) * scale.T, (estimate + bound) * scale.T
        left = [np.mean(upper >= np.sort(lower, axis=1)[:, -k][:, None]) for k in (1, 40)]
        print(f"{bits} bits: {100 * left[0]:.1f} % of the rows left (greedy), {100 * left[1]:.1f} % (top 40); "
              f"{100 * (bits + left[0] * (8 - bits)) / 8:.0f} % of the bytes of int8 (greedy)")


if __name__ == "__main__":
    main()
