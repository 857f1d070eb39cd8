#!/usr/bin/env python3
"""Copies a checkpoint with tied embedding as one with a head of its own.

usage: untie.py MODEL COPY
"""
import json
import pathlib
import shutil
import struct
import sys

model, copy = map(pathlib.Path, sys.argv[1:3])
shutil.rmtree(copy, ignore_errors=True)
copy.mkdir()
for name in ("tokenizer.json", "tokenizer_config.json"):
    shutil.copy(model / name, copy)
config = json.loads((model / "config.json").read_text())
config["tie_word_embeddings"] = False
(copy / "config.json").write_text(json.dumps(config))
data = (model / "model.safetensors").read_bytes()
size = struct.unpack("<Q", data[:8])[0]
header, values = json.loads(data[8:8 + size]), data[8 + size:]
embedding = header["model.embed_tokens.weight"]
begin, end = embedding["data_offsets"]
header["lm_head.weight"] = {**embedding, "data_offsets": [len(values), len(values) + end - begin]}
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
(copy / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + values + values[begin:end])
