#!/usr/bin/env python3
"""Flips N sampled bits of an artifact, one at a time; quant-dump --verify must refuse each.

usage: flip_bits.py QUANT_DUMP ARTIFACT COUNT SCRATCH_FILE
"""
import pathlib
import random
import subprocess
import sys

program, artifact, count, scratch = sys.argv[1:]
original = pathlib.Path(artifact).read_bytes()
bits = random.Random(20261121).sample(range(8 * len(original)), int(count))
for bit in bits:
    damaged = bytearray(original)
    damaged[bit // 8] ^= 1 << bit % 8
    pathlib.Path(scratch).write_bytes(damaged)
    run = subprocess.run([program, scratch, "--verify"], capture_output=True, text=True)
    assert run.returncode in (3, 5), (bit, run.returncode, run.stderr)
    assert "error:" in run.stderr, (bit, run.stderr)
print(f"{len(bits)} damaged files refused")
