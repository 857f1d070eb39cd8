#!/usr/bin/env python3
"""What a beacon costs while a model writes text: runs in pairs, without and with one.

usage: measure_beacon.py [--build DIR] [--pairs N] [-n TOKENS] [-t THREADS] MODEL [OPTION...]

OPTIONs, such as --beacon-tensor=hidden, are passed on to quant-run. Each pair gives the ratio
of its two times for all tokens, the beacon made and written included; the order within a
pair changes from pair to pair.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def seconds(options, beacon):
    command = [options.build / "bin" / "quant-run", options.model, "--tokens", "1,2,3,4", "-n",
               str(options.n), "-t", str(options.t), "--temperature", "0", "--json", *beacon]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    if len(answer["tokens"]) != options.n:
        raise SystemExit(f"the model ended after {len(answer['tokens'])} tokens; take fewer with -n")
    return answer["generation_seconds"] + answer.get("beacon", {}).get("seconds", 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build-release")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("-n", type=int, default=64)
    parser.add_argument("-t", type=int, default=2)
    parser.add_argument("model")
    options, more = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        beacon = ["--beacon-out", folder + "/out.bit", *more]
        seconds(options, beacon)  # the pages of the model are in memory after it
        without, ratios = [], []
        for pair in range(options.pairs):
            runs = [([], 0), (beacon, 1)]
            times = [0, 0]
            for arguments, place in runs if pair % 2 == 0 else reversed(runs):
                times[place] = seconds(options, arguments)
            without.append(times[0])
            ratios.append(times[1] / times[0])
    ratios.sort()
    print(f"{options.pairs} pairs of {options.n} tokens, {options.t} threads: "
          f"{1000 * statistics.median(without) / options.n:.2f} ms a token without; with / without: "
          f"median {statistics.median(ratios):.4f}, from {ratios[0]:.4f} to {ratios[-1]:.4f}")


if __name__ == "__main__":
    main()
