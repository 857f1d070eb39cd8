#!/usr/bin/env python3
"""Writes docs/pipeline.md: one small layer after every stage, as the tools print it.

usage: make_pipeline_page.py BIN_FOLDER [--check]

--check writes nothing and exits with 1 when the page differs.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYER = "test/docs/Inputs/layer.mlir"
PAGE = ROOT / "docs" / "pipeline.md"


def run(binFolder, command):
    """The standard output of a tool run in the project's folder."""
    program, *arguments = command
    result = subprocess.run([str(binFolder / program), *arguments], cwd=ROOT, text=True,
                            capture_output=True)
    if result.returncode:
        sys.exit(f"{' '.join(command)}: exit code {result.returncode}\n{result.stderr}")
    return result.stdout


def excerpt(text, start, lines):
    """`lines` lines of `text` from the first line that matches `start`."""
    rows = text.splitlines()
    first = next((i for i, row in enumerate(rows) if re.search(start, row)), None)
    if first is None:
        sys.exit(f"no line matches {start}")
    rows = rows[first:first + lines]
    return "\n".join(row.rstrip() for row in rows) + "\n"


def block(language, command, output):
    return f"```console\n$ {command}\n```\n\n```{language}\n{output.rstrip()}\n```\n"


def makePage(binFolder, scratch):
    artifact, inputFile, outputFile = (str(scratch / name) for name in ("layer.lobit", "x.npy", "y.npy"))
    stage = lambda word: ["quant-compile", LAYER, "--quantize=ternary:absmean", "--target=avx2",
                          f"--stop-after={word}", "-o", "-"]
    shown = lambda command: " ".join(command).replace(str(scratch) + "/", "")
    parts = ["""# One layer, every stage

This page is written by `tools/dev/make_pipeline_page.py` from what the tools print, and a test
fails when it is out of date. The layer is a dense matrix of 4 outputs and 8 inputs:
""", f"```mlir\n{(ROOT / LAYER).read_text().rstrip()}\n```\n"]

    parts.append("## import\n\nThe dense layer becomes `lobit.linear`; its weight becomes a value.\n")
    parts.append(block("mlir", shown(stage("import")), run(binFolder, stage("import"))))
    parts.append("## quantize\n\nThe recipe of the weight gets a step. Codes are -1, 0, +1; one scale for the "
                 "whole tensor.\n")
    parts.append(block("mlir", shown(stage("quantize")), run(binFolder, stage("quantize"))))
    parts.append("## pack\n\nThe codes get a byte layout.\n")
    packed = run(binFolder, stage("pack"))
    parts.append(block("mlir", shown(stage("pack")), packed))
    packedFile = str(scratch / "packed.mlir")
    pathlib.Path(packedFile).write_text(packed)
    fold = ["quant-opt", packedFile, "--lobit-fold-weights"]
    parts.append("Evaluated in place, the recipe is these bytes: four rows of 64. The first 8 of each row "
                 "carry this layer in their lowest two bits; all else is padding, code 01.\n")
    parts.append(block("mlir", shown(fold), excerpt(run(binFolder, fold), r"lobit\.weight codes", 1)))
    lower = run(binFolder, stage("lower"))
    parts.append("## lower\n\nThe layer becomes loops over `ukernel` idioms, those become instructions of the "
                 "target, and everything becomes the LLVM dialect. The heart of the kernel for AVX2:\n")
    parts.append(block("mlir", shown(stage("lower")), excerpt(lower, r"pmadd\.ub\.sw", 6)))
    emit = ["quant-compile", LAYER, "--quantize=ternary:absmean", "--target=avx2", "--emit=asm", "-o", "-"]
    parts.append("## emit\n\nAs assembly:\n")
    parts.append(block("asm", shown(emit), excerpt(run(binFolder, emit), r"vpmaddubsw", 6)))
    compileAll = ["quant-compile", LAYER, "--quantize=ternary:absmean", "--target=x86", "-o", artifact]
    run(binFolder, compileAll)
    sections = ["quant-dump", artifact, "--sections"]
    parts.append("And as one file:\n")
    parts.append(block("text", shown(compileAll) + "\n$ " + shown(sections),
                       run(binFolder, sections).replace(str(scratch) + "/", "")))
    parts.append("## load, run\n\nTwo rows through the layer:\n")
    numpy.save(inputFile, numpy.array([[1, 2, 3, 4, 5, 6, 7, 8], [1, -1, 1, -1, 1, -1, 1, -1]], numpy.float32))
    runLayer = ["quant-run", artifact, "--input", inputFile, "--output", outputFile]
    run(binFolder, runLayer)
    parts.append(block("text", shown(runLayer) + "\n$ python3 -c \"import numpy; print(numpy.load('y.npy'))\"",
                       str(numpy.load(outputFile))))
    return "\n".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        page = makePage(arguments.bin.resolve(), pathlib.Path(scratch))
    if not arguments.check:
        PAGE.write_text(page)
    elif page != PAGE.read_text():
        sys.exit("docs/pipeline.md is out of date: run tools/dev/make_pipeline_page.py BIN_FOLDER")


if __name__ == "__main__":
    main()
