#!/usr/bin/env python3
"""Compares logits with a reference: relative error per position and top-1 agreement.

usage: compare_logits.py OURS.npy... --reference LOGITS.npy [--median X] [--maximum X] [--top1 X]

OURS are [positions, vocab], one file per prompt of the reference [prompts, positions,
vocab]. The relative error of a position is |ours - ref| / |ref| in the 2-norm. Prints
one JSON object; exit code 1 when a limit is exceeded.
"""
import argparse
import json
import sys

import numpy


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ours", nargs="+")
    parser.add_argument("--reference", required=True)
    parser.add_argument("--median", type=float, default=float("inf"))
    parser.add_argument("--maximum", type=float, default=float("inf"))
    parser.add_argument("--top1", type=float, default=0.0)
    arguments = parser.parse_args()
    reference = numpy.load(arguments.reference).astype(numpy.float64)
    ours = numpy.stack([numpy.load(path) for path in arguments.ours]).astype(numpy.float64)
    assert ours.shape == reference.shape, (ours.shape, reference.shape)
    assert numpy.isfinite(ours).all()
    error = numpy.linalg.norm(ours - reference, axis=-1) / numpy.linalg.norm(reference, axis=-1)
    result = {
        "positions": int(error.size),
        "median": float(numpy.median(error)),
        "maximum": float(error.max()),
        "top1": float((ours.argmax(-1) == reference.argmax(-1)).mean()),
    }
    print(json.dumps(result))
    holds = (result["median"] <= arguments.median and result["maximum"] <= arguments.maximum
             and result["top1"] >= arguments.top1)
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
