#!/usr/bin/env python3
"""Damages one thing at a time in an int6 checkpoint: each is refused with exit code 3 and a
sentence that names the tensor.

usage: refuse_int6.py QUANT_COMPILE DIRECTORY LAYER SCRATCH_DIRECTORY
"""
import pathlib
import shutil
import struct
import subprocess
import sys

import int6_exchange as form

program, directory, layer, scratch = sys.argv[1:]
metadata, tensors = form.read(f"{directory}/model.safetensors")
payload, words, scales = (f"{layer}.{part}" for part in ("packed_weight", "metadata", "scales"))
pathlib.Path(scratch).mkdir(exist_ok=True)
for name in ("config.json", "tokenizer.json"):
    shutil.copy(f"{directory}/{name}", scratch)


def damaged(name, at, data):
    dtype, shape, old = tensors[name]
    return {name: (dtype, shape, old[:at] + data + old[at + len(data):])}


def compile_with(changes, other=metadata):
    changed = {name: t for name, t in {**tensors, **changes}.items() if t is not None}
    form.write(f"{scratch}/model.safetensors", other, changed)
    return subprocess.run([program, scratch, "--dry-run"], capture_output=True, text=True)


def refused(changes, *texts, other=metadata):
    run = compile_with(changes, other)
    assert run.returncode == 3, (texts, run.returncode, run.stderr)
    for text in texts:
        assert text in run.stderr, (text, run.stderr)


as_is = {name: tensors[name] for name in (payload, words, scales)}
count = tensors[payload][1][0]
run = compile_with({})
assert run.returncode == 0 and "stored as codes" in run.stdout, run.stderr

for nibble in (0, 1, 2, 3, 5, 6, 7, 10, 11, 15):
    refused(damaged(words, 5, bytes([nibble << 4 | 4])), f'tensor "{words}": row 0, column 88',
            f"expected a pair nibble 4, 8, 9, 12, 13 or 14, found {nibble}; the file is damaged")
refused({payload: ("U8", [count - 3], tensors[payload][2][3:])},
        f'tensor "{payload}": expected shape [{count}] of int6 by config.json, found [{count - 3}]')
refused({words: ("U32", [1], bytes(4))}, f'tensor "{words}": expected shape [')
refused({scales: ("F32", [1], bytes(4))}, f'tensor "{scales}": expected shape [')
refused({payload: ("I8", *as_is[payload][1:])}, f'tensor "{payload}": expected U8 of int6, found I8')
refused({words: ("F32", *as_is[words][1:])},
        f'tensor "{words}": expected U32, I32 or I64 of int6, found F32')
refused({scales: ("U32", *as_is[scales][1:])},
        f'tensor "{scales}": expected F32 of int6, found U32')
for value in (float("nan"), float("inf"), -1.0):
    refused(damaged(scales, 8, struct.pack("<f", value)), f'tensor "{scales}": row 2: expected a '
            "finite scale of at least 0, found")
for name in (payload, words, scales):
    refused({name: None}, "missing (1): " + name)
refused({f"{layer}.weight": ("F32", [1], bytes(4))}, f"not expected (3): {words}, {payload}, {scales}")
refused({}, f'tensor "{payload}": expected "format": "int6_2x4_pairwise_sparse" in __metadata__, '
        'found "pt"', other={"format": "pt"})
refused({}, "found none", other={})

# Words may be signed or wide, as they are in memory elsewhere.
values = struct.unpack(f"<{len(tensors[words][2]) // 4}I", tensors[words][2])
wide = struct.pack(f"<{len(values)}Q", *values)
for same in (("I32", *as_is[words][1:]), ("I64", as_is[words][1], wide)):
    assert compile_with({words: same}).returncode == 0, same[0]
refused({words: ("I64", as_is[words][1], bytes(7) + b"\1" + wide[8:])},
        f'tensor "{words}": row 0, column 0: expected a word of 32 bits, found more')
print("all refused")
