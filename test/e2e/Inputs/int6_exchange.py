"""Reads and writes safetensors files, and decodes the int6 exchange form with nothing but
its rules (docs/quantization.md, "Exchange"): no line of the compiler."""
import json
import math
import struct


def read(path):
    """metadata, {name: (dtype, shape, bytes)}"""
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    metadata = header.pop("__metadata__", {})
    begin = 8 + size
    return metadata, {
        name: (t["dtype"], t["shape"],
               data[begin + t["data_offsets"][0]:begin + t["data_offsets"][1]])
        for name, t in header.items()}


def write(path, metadata, tensors):
    header, body = {"__metadata__": metadata}, b""
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape,
                        "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + body)


def from_s6(value):
    value &= 0x3F
    return value - 64 if value >= 32 else value


def decode(packed, metadata, rows, columns):
    """Rows of integers, as the decoder of the format's origin makes them."""
    padded = -(-columns // 64) * 64
    row_bytes, row_words = padded // 8 * 3, padded // 64
    result = []
    for row in range(rows):
        data = packed[row * row_bytes:(row + 1) * row_bytes]
        words = metadata[row * row_words:(row + 1) * row_words]
        values = [0] * padded
        for chunk in range(padded // 8):
            nibble = words[chunk // 8] >> chunk % 8 * 4 & 0xF
            word = int.from_bytes(data[chunk * 3:chunk * 3 + 3], "little")
            quad = [from_s6(word >> 6 * i) for i in range(4)]
            for half, pair in enumerate((nibble & 3, nibble >> 2 & 3)):
                place = chunk * 8 + pair * 2
                values[place], values[place + 1] = quad[2 * half], quad[2 * half + 1]
        result.append(values[:columns])
    return result


def layers(tensors):
    """module -> (payload bytes, metadata words, scales)"""
    result = {}
    for name, (dtype, shape, data) in tensors.items():
        if not name.endswith(".packed_weight"):
            continue
        module = name[:-len(".packed_weight")]
        words, scales = tensors[module + ".metadata"], tensors[module + ".scales"]
        assert (dtype, words[0], scales[0]) == ("U8", "U32", "F32"), module
        assert [len(data)] == shape and [len(words[2]) // 4] == words[1], module
        result[module] = (data, struct.unpack(f"<{len(words[2]) // 4}I", words[2]),
                          struct.unpack(f"<{len(scales[2]) // 4}f", scales[2]))
    return result


def bf16(data):
    return [struct.unpack("<f", b"\0\0" + data[i:i + 2])[0] for i in range(0, len(data), 2)]


def relative_mse(weights, codes, scales):
    """sum (w - s q)^2 / sum w^2 of rows."""
    errors = squares = 0
    columns = len(codes[0])
    for row, (values, scale) in enumerate(zip(codes, scales)):
        for w, q in zip(weights[row * columns:(row + 1) * columns], values):
            errors += (w - scale * q) ** 2
            squares += w * w
    return errors / squares if squares else math.inf
