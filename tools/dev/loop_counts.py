#!/usr/bin/env python3
"""Counts the instructions of the innermost loops in AArch64 or x86 assembly text.

usage: loop_counts.py FILE.s --function WORD [--with MNEMONIC]

Takes functions whose name has WORD and their innermost loops, with --with only those
that have that instruction. Prints one line a loop: all instructions, those that touch
the stack (spills), then each mnemonic and how often, most frequent first.
"""
import argparse
import collections
import re
import sys


def functions(lines):
    """(name, lines) of each function."""
    name, body = None, []
    for line in lines:
        if match := re.match(r'"?([A-Za-z_][\w.-]*)"?:', line):
            name, body = match.group(1), []
        elif name and re.match(r"\.Lfunc_end", line):
            yield name, body
            name = None
        elif name:
            body.append(re.split(r"//|# ", line)[0].rstrip())


def innermostLoops(body):
    """Lines between a label and the first branch back to it without a label between that
    is itself branched back to."""
    labels = {}
    for at, line in enumerate(body):
        if match := re.match(r"(\.LBB\w+):", line):
            labels[match.group(1)] = at
    loops = []
    for at, line in enumerate(body):
        match = re.match(r"\t(?:b|cb|tb|j)\S*\s.*?(\.LBB\w+)\s*$", line)
        if match and labels.get(match.group(1), at) < at:
            loops.append((labels[match.group(1)], at))
    for begin, end in loops:
        if not any(begin <= b and e <= end and (b, e) != (begin, end) for b, e in loops):
            yield [l for l in body[begin:end + 1] if re.match(r"\t[a-z]", l)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=argparse.FileType("r"))
    parser.add_argument("--function", required=True)
    parser.add_argument("--with", dest="has", default="")
    arguments = parser.parse_args()
    for name, body in functions(arguments.file.read().splitlines()):
        if arguments.function not in name:
            continue
        for loop in innermostLoops(body):
            counts = collections.Counter(line.split()[0] for line in loop)
            if arguments.has and not counts[arguments.has]:
                continue
            stack = sum(bool(re.search(r"\[sp|\(%[re]sp\)", line)) for line in loop)
            words = " ".join(f"{m}={n}" for m, n in sorted(counts.items(), key=lambda c: (-c[1], c[0])))
            print(f"{name}: instructions={len(loop)} stack={stack} {words}")


if __name__ == "__main__":
    main()
