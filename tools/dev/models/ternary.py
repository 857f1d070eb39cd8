# SPDX-License-Identifier: Apache-2.0
"""The `absmean` rule for weights, the int8 rule for activations, packing."""
import numpy as np

CHUNK = 4096
EPS = np.float32(1e-5)


def absmean(weight):
    """Return (t int8 [out, in], g f32) of an f32 matrix.

    g = max(mean|w|, 1e-5), the mean in f64: sequential sums of 4096 elements,
    then these sums in order.  t = clamp(round_half_even(w / g), -1, 1) in f32.
    """
    flat = np.abs(weight.reshape(-1).astype(np.float64))
    total = np.float64(0)
    for begin in range(0, len(flat), CHUNK):
        # cumsum adds one element after the other; sum() would not
        total += np.cumsum(flat[begin:begin + CHUNK])[-1]
    g = np.float32(max(total / len(flat), 1e-5))
    return np.clip(np.rint(weight / g), -1, 1).astype(np.int8), g


def pack(codes):
    """Pack t int8 [out, in] to uint8 [out / 4, in].

    With R = out / 4, row i R + r goes to byte row r, bits 2i and 2i + 1, as
    t + 1.
    """
    parts = (codes + 1).astype(np.uint8).reshape(4, -1, codes.shape[1])
    return parts[0] | parts[1] << 2 | parts[2] << 4 | parts[3] << 6


def unpack(packed):
    """Invert pack(); the unused code 3 is refused."""
    parts = np.stack([packed >> shift & 3 for shift in (0, 2, 4, 6)])
    if (parts == 3).any():
        raise ValueError("code 3 in a packed matrix")
    return parts.reshape(-1, packed.shape[1]).astype(np.int8) - 1


def quantize_rows(x):
    """Return (q, s) for x f32 [T, K]: q integers held in f32, s [T, 1].

    a = max(max|x|, 1e-5), r = 127 / a, q = clamp(rint(x r), -128, 127),
    s = a / 127.
    """
    peak = np.maximum(np.abs(x).max(1, keepdims=True), EPS)
    q = np.clip(np.rint(x * (np.float32(127) / peak)), -128, 127)
    return q, peak / np.float32(127)
