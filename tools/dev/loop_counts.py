#!/usr/bin/env python3
"""Counts the instructions of the innermost loops in AArch64 or x86 assembly text.

usage: loop_counts.py FILE.s... --function WORD [--with MNEMONIC]

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


def basicBlocks(body):
    """(instructions, numbers of the blocks that may follow) of each block."""
    blocks, labels = [[]], {}
    for line in body:
        if match := re.match(r"(\.LBB\w+):", line):
            if blocks[-1]:
                blocks.append([])
            labels[match.group(1)] = len(blocks) - 1
        elif re.match(r"\t[a-z]", line):
            blocks[-1].append(line)
            if re.match(r"\t(b|b\.\w+|cbn?z|tbn?z|ret|j\w+|retq)\s", line + " "):
                blocks.append([])
    for number, block in enumerate(blocks):
        last = block[-1] if block else ""
        target = re.search(r"(\.LBB\w+)\s*$", last)
        follow = [labels[target.group(1)]] if target and target.group(1) in labels else []
        if not re.match(r"\t(b|jmp|ret|retq)\s", last + " ") and number + 1 < len(blocks):
            follow.append(number + 1)
        yield block, follow


def innermostLoops(body):
    """Instructions of each natural loop that has no other loop inside."""
    blocks = list(basicBlocks(body))
    before = [[] for _ in blocks]
    for number, (_, follow) in enumerate(blocks):
        for next in follow:
            before[next].append(number)
    everything = (1 << len(blocks)) - 1
    dominators = [1] + [everything] * (len(blocks) - 1)
    changed = True
    while changed:
        changed = False
        for number in range(1, len(blocks)):
            common = everything
            for other in before[number]:
                common &= dominators[other]
            if (common := common | 1 << number) != dominators[number]:
                dominators[number], changed = common, True
    loops = {}
    for number, (_, follow) in enumerate(blocks):
        for header in follow:
            if not dominators[number] >> header & 1:
                continue
            inside, todo = loops.setdefault(header, {header}), [number]
            while todo:
                if (at := todo.pop()) not in inside:
                    inside.add(at)
                    todo += before[at]
    for header, inside in loops.items():
        if not any(other in inside for other in loops if other != header):
            yield [line for number in sorted(inside) for line in blocks[number][0]]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", metavar="FILE.s", nargs="+", type=argparse.FileType("r"))
    parser.add_argument("--function", required=True)
    parser.add_argument("--with", dest="has", default="")
    arguments = parser.parse_args()
    lines = [line for file in arguments.files for line in file.read().splitlines()]
    for name, body in functions(lines):
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
