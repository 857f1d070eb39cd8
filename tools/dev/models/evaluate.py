#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measure exported models on held-out text.

The whole file is encoded at once and cut into rows of --row tokens.  Each row
is predicted from the begin token and the tokens before in the row; all tokens
of the file are predicted once.  Bits per byte = sum of -log2 p / file size.
"""
import argparse
import math
import pathlib

import numpy as np

import bpe
import data
import inference


def main():
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=pathlib.Path, required=True,
                        help="held-out text")
    parser.add_argument("--row", type=int, default=256, help="tokens a row")
    parser.add_argument("models", type=pathlib.Path, nargs="+",
                        help="model folders")
    args = parser.parse_args()
    text = args.text.read_text(encoding="utf-8")
    for folder in args.models:
        tokenizer = bpe.Tokenizer(folder / "tokenizer.json")
        inputs, targets, size = data.heldout_rows(text, tokenizer, args.row)
        model = inference.Model(folder)
        nats = sum(float(np.sum(model.nll(i, t)))
                   for i, t in zip(inputs, targets))
        count = int((targets >= 0).sum())
        print(f"{folder}: {count} tokens, {size} bytes, rows of {args.row}: "
              f"{nats / count:.4f} nats/token, "
              f"perplexity {math.exp(nats / count):.3f}, "
              f"{nats / math.log(2) / size:.4f} bits/byte")


if __name__ == "__main__":
    main()
