"""Writes BIT beacons from docs/format-bit.md alone, for bit-beacon to verify."""
import binascii
import hashlib
import hmac
import json
import struct


def record(kind, value):
    out = b""
    while len(value) >= 0xFFFF:
        out, value = out + bytes([kind]) + b"\xff\xff" + value[:0xFFFF], value[0xFFFF:]
    return out + struct.pack(">BH", kind, len(value)) + value


def write(mu, delta, ids, key=None, variances=None, rows=1, results=None, extra=()):
    """`ids`: space, model and pi. `results`: canonical JSON. `extra`: (type, value) records."""
    dim, step = len(mu), delta / 65536
    names = dict(zip(("space_id", "model_id", "pi_id"), ids), dim=dim)
    ctx = hashlib.blake2b(json.dumps(names, sort_keys=True, separators=(",", ":")).encode(),
                          digest_size=8).digest()
    flags = (variances is not None) * 0x41 + (results is not None) * 2 + (key is not None) * 4
    records = {1: struct.pack(">BBHIII", 1, 1, 0, dim, delta, dim), 2: struct.pack(">I", flags)}
    if variances is not None:
        records[0x10] = struct.pack(f">BBBBIddd{2 * dim}d", 1, 2, 2, 0, dim, rows, 0, 0,
                                    *mu, *variances)
    if results is not None:
        records[0x11] = results.encode()
    records.update(extra)
    signed = ctx + b"".join(record(kind, records[kind]) for kind in sorted(records))
    payload = struct.pack(f"<{dim}h", *(round(x / step) for x in mu))  # half to even
    header = b"BIT\x01" + signed
    if key is not None:
        header += record(0x20, b"\1" + hmac.new(key, signed + payload, "sha256").digest())
    data = header + record(0xFF, b"") + payload
    return data + struct.pack(">H", binascii.crc_hqx(data[4:], 0xFFFF))
