#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Bits per byte of an order-3 byte model, the bar a neural model must clear.

p(b | c1 c2 c3) is interpolated from order 3 down to the uniform distribution
with Witten-Bell weights: p_n = (count(ctx b) + kinds(ctx) p_(n-1)) /
(count(ctx) + kinds(ctx)).
"""
import argparse
import collections
import math
import pathlib


def learn(text, order):
    """Return, for each length 0..order, {context: Counter of next bytes}."""
    tables = [collections.defaultdict(collections.Counter)
              for _ in range(order + 1)]
    for i in range(len(text)):
        for n in range(min(order, i) + 1):
            tables[n][text[i - n:i]][text[i]] += 1
    return tables


def cost(tables, text):
    """Return the bits that the model needs for text."""
    bits, memory = 0.0, {}
    for i, byte in enumerate(text):
        key = text[max(0, i - len(tables) + 1):i + 1]
        if key not in memory:
            p = 1 / 256
            for n in range(len(key)):
                seen = tables[n].get(key[len(key) - 1 - n:-1])
                if seen:
                    kinds = len(seen)
                    p = ((seen[byte] + kinds * p)
                         / (sum(seen.values()) + kinds))
            memory[key] = -math.log2(p)
        bits += memory[key]
    return bits


def main():
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=pathlib.Path, required=True,
                        help="training text")
    parser.add_argument("--heldout", type=pathlib.Path, required=True,
                        help="held-out text")
    parser.add_argument("--order", type=int, default=3,
                        help="bytes of context")
    args = parser.parse_args()
    tables = learn(args.text.read_bytes(), args.order)
    text = args.heldout.read_bytes()
    print(f"order {args.order}: {cost(tables, text) / len(text):.4f} "
          "bits/byte")


if __name__ == "__main__":
    main()
