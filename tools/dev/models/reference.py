#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write the files that another implementation is tested with.

OUT/tokens.npy       int32 [P, T]     prompts, the begin token first
OUT/logits.npy       float32 [P, T, V] logits after each token
OUT/long_tokens.npy  int32 [2, C]     rows as long as the context C
OUT/long_nll.npy     float32 [2, C - 1] -log p of long_tokens[:, 1:], in nats

The logits are those of inference.py in f32.  The same is computed in f64 and
the largest difference printed: a rounding of an activation that falls the
other way is legitimate and sets the tolerance of a comparison.
"""
import argparse
import pathlib

import numpy as np

import bpe
import inference


def prompts(text, tokenizer, count, length):
    """Return `count` rows [begin token + length - 1 tokens] of the text.

    They start at lines spread evenly over the text.
    """
    lines = text.splitlines(keepends=True)
    rows = []
    for index in range(count):
        at = (2 * index + 1) * len(lines) // (2 * count)
        while not lines[at].endswith(".\n"):
            at += 1
        ids = tokenizer.encode("".join(lines[at:at + 60]))
        rows.append([tokenizer.bos] + ids[:length - 1])
    return np.array(rows, np.int32)


def main():
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--model", type=pathlib.Path, required=True, help="model folder")
    add("--text", type=pathlib.Path, required=True, help="held-out text")
    add("--prompts", type=int, default=2, help="P")
    add("--tokens", type=int, default=40, help="T")
    add("--out", type=pathlib.Path, required=True, help="folder to write")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    tokenizer = bpe.Tokenizer(args.model / "tokenizer.json")
    text = args.text.read_text(encoding="utf-8")
    single = inference.Model(args.model)
    double = inference.Model(args.model, np.float64)
    rows = prompts(text, tokenizer, args.prompts, args.tokens)
    logits = np.stack([single.forward(row) for row in rows])
    exact = np.stack([double.forward(row) for row in rows])
    np.save(args.out / "tokens.npy", rows)
    np.save(args.out / "logits.npy", logits.astype(np.float32))
    gap = np.abs(logits - exact)
    same = (logits.argmax(2) == exact.argmax(2)).mean()
    print(f"logits f32 - f64: largest {gap.max():.2e}, mean {gap.mean():.2e}, "
          f"same best token at {same:.1%}; logits within "
          f"[{exact.min():.1f}, {exact.max():.1f}]")
    rows = prompts(text, tokenizer, 2,
                   single.cfg["max_position_embeddings"])
    nll = np.stack([single.nll(r[:-1], r[1:]) for r in rows])
    exact = np.stack([double.nll(r[:-1], r[1:]) for r in rows])
    np.save(args.out / "long_tokens.npy", rows)
    np.save(args.out / "long_nll.npy", nll.astype(np.float32))
    print(f"long rows: mean nll {nll.mean(1)}, f64 {exact.mean(1)}, largest "
          f"difference at a token {np.abs(nll - exact).max():.2e}")


if __name__ == "__main__":
    main()
