#!/usr/bin/env python3
"""Compiles a model with each scheme and measures what that costs in quality.

usage: quality_table.py [--build DIR] [--tokens N] [MODEL CALIBRATION HELD_OUT]

Prints two tables in Markdown: held-out perplexity with bits per weight, and the errors of
the layers. Without arguments: the dense twin of models/.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMES = ["keep", "int8", "int6:magnitude", "int6:weighted", "int6:obs", "ternary:absmean",
           "ternary:optimal"]


def run(*args):
    return subprocess.run(list(map(str, args)), check=True, capture_output=True, text=True).stdout


def measure(options, scheme, folder):
    model, report = folder / "model.lobit", folder / "report.json"
    run(options.build / "bin" / "quant-compile", options.model, "-o", model,
        f"--quantize={scheme}", "--calibration", options.calibration, "--calibration-tokens",
        options.tokens, "--report", report)
    scores = json.loads(run(options.build / "bin" / "quant-eval", model, "--text", options.heldout,
                            "--json"))
    return json.loads(report.read_text()), scores, model.stat().st_size


def linears(report):
    """The layers the scheme is for: not embedding and head."""
    return [layer for layer in report["layers"] if "model.layers." in layer["names"][0]]


def bits(layers):
    weights = sum(layer["shape"][0] * layer["shape"][1] for layer in layers)
    return 8 * sum(layer["bytes"] for layer in layers) / weights


def row(*cells):
    print("| " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default=ROOT / "models" / "kjv-dense")
    parser.add_argument("calibration", nargs="?", default=ROOT / "models" / "kjv-calibration.txt")
    parser.add_argument("heldout", nargs="?", default=ROOT / "models" / "kjv-heldout.txt")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build-release")
    parser.add_argument("--tokens", type=int, default=4096, help="calibration tokens")
    options = parser.parse_args()
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        for scheme in SCHEMES:
            report, scores, size = measured[scheme] = measure(options, scheme,
                                                              pathlib.Path(folder))
            print(f"{scheme}: perplexity {scores['perplexity']:.3f}, {size} bytes",
                  file=sys.stderr, flush=True)

    kept = measured["keep"][1]["perplexity"]
    row("scheme of the linear layers", "bits/weight, linear", "bits/weight, all", "file, MB",
        "held-out perplexity", "change", "bits/byte")
    row(*["---"] * 7)
    for scheme, (report, scores, size) in measured.items():
        row(f"`{scheme}`", f"{bits(linears(report)):.3f}", f"{bits(report['layers']):.3f}",
            f"{size / 1e6:.2f}", f"{scores['perplexity']:.3f} +- {scores['perplexity_error']:.3f}",
            f"{100 * (scores['perplexity'] / kept - 1):+.1f} %", f"{scores['bits_per_byte']:.4f}")
    print()
    row("scheme", "zeros", "pruned energy", "relative MSE, mean", "relative output error, mean",
        "largest", "layer")
    row(*["---"] * 7)
    for scheme, (report, _, _) in measured.items():
        layers = [layer for layer in linears(report) if "relativeOutputError" in layer]
        if not layers:
            continue
        mean = lambda key: sum(layer[key] for layer in layers) / len(layers)
        worst = max(layers, key=lambda layer: layer["relativeOutputError"])
        row(f"`{scheme}`", f"{mean('zeroFraction'):.3f}", f"{mean('prunedEnergy'):.4f}",
            f"{mean('relativeMse'):.3e}", f"{mean('relativeOutputError'):.3e}",
            f"{worst['relativeOutputError']:.3e}", worst["names"][0].removeprefix("model.layers."))


if __name__ == "__main__":
    main()
