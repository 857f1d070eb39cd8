#!/usr/bin/env python3
"""Checks the shipped models' quality from two quant-eval --json reports.

usage: check_quality.py TERNARY.json DENSE.json ORDER3

The ternary model may need at most 1.15 times the bits per byte of the dense twin, and at
most 0.85 times those of an order-3 byte model of the same training text (ORDER3, from the
model card).
"""
import json
import pathlib
import sys

ternary, dense = (json.loads(pathlib.Path(path).read_text())["bits_per_byte"] for path in sys.argv[1:3])
order3 = float(sys.argv[3])
print(f"ternary {ternary:.4f} dense {dense:.4f} order-3 {order3:.4f} bits per byte")
assert ternary <= 1.15 * dense, "ternary is more than 1.15 times the dense twin"
assert ternary <= 0.85 * order3, "ternary is not far below an order-3 byte model"
