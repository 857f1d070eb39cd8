#!/usr/bin/env python3
"""The MLP of mlp.mlir in numpy.

usage: mlp_reference.py input X.npy            writes a seeded input
       mlp_reference.py check X.npy Y.npy mlp.mlir   fails unless Y is the kept MLP of X
"""
import re
import sys

import numpy

command, inputFile, *rest = sys.argv[1:]
if command == "input":
    numpy.save(inputFile, numpy.random.default_rng(3).normal(size=(5, 20)).astype(numpy.float32))
    sys.exit(0)
outputFile, module = rest
constants = []
for text, shape in re.findall(r"dense<(\[.*?\])> : tensor<([0-9x]+)xf32>", open(module).read(), re.S):
    values = numpy.array(re.findall(r"-?[0-9][0-9.e+-]*", text), dtype=numpy.float64)
    constants.append(values.reshape([int(size) for size in shape.split("x")]))
w1, b1, w2 = constants
x = numpy.load(inputFile).astype(numpy.float64)
expected = numpy.maximum(x @ w1 + b1, 0) @ w2.T
found = numpy.load(outputFile)
assert found.dtype == numpy.float32 and found.shape == (5, 7), (found.dtype, found.shape)
error = numpy.abs(found - expected).max()
assert error < 1e-5, error
