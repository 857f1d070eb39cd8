# SPDX-License-Identifier: Apache-2.0
"""Read and write safetensors files, and convert between f32 and bf16.

File: u64 little-endian header length, JSON header padded with spaces to a
multiple of 8 bytes, then the tensors without gaps in the order of the header.
A bf16 tensor is held in numpy as its bit pattern, uint16.
"""
import json

import numpy as np

TYPES = {"U8": np.dtype("u1"), "BF16": np.dtype("<u2"),
         "F32": np.dtype("<f4")}
NAMES = {dtype: name for name, dtype in TYPES.items()}


def to_bf16(values):
    """Return the bf16 bits (uint16) of f32 values, rounded half to even."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bf16(bits):
    """Return the f32 values of bf16 bits; exact."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def write(path, tensors):
    """Write {name: array of uint8, uint16 (bf16) or f32} in its order."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, array in tensors.items():
        end = offset + array.nbytes
        header[name] = {"dtype": NAMES[array.dtype],
                        "shape": list(array.shape),
                        "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in tensors.values():
            file.write(array.tobytes())


def read(path):
    """Return {name: array} as given to write()."""
    blob = path.read_bytes()
    size = int.from_bytes(blob[:8], "little")
    header = json.loads(blob[8:8 + size])
    header.pop("__metadata__", None)
    out = {}
    for name, entry in header.items():
        begin, end = (8 + size + at for at in entry["data_offsets"])
        array = np.frombuffer(blob[begin:end], TYPES[entry["dtype"]])
        out[name] = array.reshape(entry["shape"])
    return out
