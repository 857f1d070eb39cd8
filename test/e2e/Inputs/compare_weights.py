#!/usr/bin/env python3
"""Whether two artifacts have the same tensors and the same bytes of weights.

usage: compare_weights.py A.lobit B.lobit
"""
import struct
import sys


def sections(path):
    data = open(path, "rb").read()
    result = {}
    for i in range(struct.unpack_from("<I", data, 20)[0]):
        kind, _, offset, size = struct.unpack_from("<IIQQ", data, 4096 + 96 * i)
        result[kind] = data[offset:offset + size]
    return result


a, b = map(sections, sys.argv[1:])
for kind, name in ((32, "tensors"), (240, "weights")):
    assert a[kind] == b[kind], f"the {name} differ"
print(f"{len(a[240])} bytes of weights are the same")
