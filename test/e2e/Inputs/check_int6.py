#!/usr/bin/env python3
"""Checks the reports of an int6 model that was pruned in three ways.

usage: check_int6.py MAGNITUDE.json WEIGHTED.json OBS.json

Summed over the layers, the output error of obs is below that of weighted, and that below
that of magnitude; so is the perplexity of obs.
"""
import json
import pathlib
import sys

magnitude, weighted, obs = (json.loads(pathlib.Path(path).read_text()) for path in sys.argv[1:4])


def outputError(report):
    errors = [layer["relativeOutputError"] for layer in report["layers"]
              if layer["scheme"] == "int6"]
    assert len(errors) == 28, errors
    return sum(errors) / len(errors)


def perplexity(report):
    return report["calibration"]["perplexity"]


for name, report in (("magnitude", magnitude), ("weighted", weighted), ("obs", obs)):
    print(f"{name}: mean output error {outputError(report):.4f}, perplexity {perplexity(report):.3f} "
          f"of {report['calibration']['importedPerplexity']:.3f}")
    pruned = [layer["prunedEnergy"] for layer in report["layers"] if layer["scheme"] == "int6"]
    assert 0 < min(pruned) and max(pruned) < 0.5, pruned
assert outputError(obs) < 0.7 * outputError(weighted)
assert outputError(weighted) <= outputError(magnitude)
assert perplexity(obs) < perplexity(magnitude)
