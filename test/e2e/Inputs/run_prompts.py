#!/usr/bin/env python3
"""Runs quant-run --logits on each prompt of a tokens.npy [prompts, positions].

usage: run_prompts.py QUANT_RUN ARTIFACT TOKENS.npy OUT_PREFIX [quant-run flags...]

Writes OUT_PREFIX.<prompt>.npy.
"""
import subprocess
import sys

import numpy

program, artifact, tokens, prefix, *flags = sys.argv[1:]
for number, prompt in enumerate(numpy.load(tokens)):
    ids = ",".join(str(token) for token in prompt)
    subprocess.run([program, artifact, "--tokens", ids, "-n", "0", "--logits",
                    f"{prefix}.{number}.npy", *flags], check=True, stdout=subprocess.DEVNULL)
