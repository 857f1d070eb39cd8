#!/usr/bin/env python3
"""Decodes an exported checkpoint and compares it with the original and with the report.

usage: check_int6_export.py ORIGINAL.safetensors EXPORTED.safetensors REPORT.json
"""
import json
import sys

import int6_exchange as form

_, original = form.read(sys.argv[1])
metadata, exported = form.read(sys.argv[2])
report = {layer["tensor"]: layer for layer in json.load(open(sys.argv[3]))["layers"]}
assert metadata["format"] == "int6_2x4_pairwise_sparse", metadata

int6 = form.layers(exported)
for module, (payload, words, scales) in int6.items():
    layer = report.pop(module + ".weight")
    assert layer["scheme"] == "int6", module
    rows, columns = layer["shape"]
    codes = form.decode(payload, words, rows, columns)
    mse = form.relative_mse(form.bf16(original[module + ".weight"][2]), codes, scales)
    assert abs(mse / layer["relativeMse"] - 1) < 1e-9, (module, mse, layer["relativeMse"])
    assert all(0x4 == word & 0xF or max(codes[0]) for word in words[:1])
assert int6 and not any(layer["scheme"] == "int6" for layer in report.values())
# Everything else is as it was.
for name, tensor in original.items():
    if name[:-len(".weight")] not in int6:
        assert exported[name] == tensor, name
print(f"{len(int6)} int6 layers decoded")
