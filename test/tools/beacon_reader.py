"""Reads and verifies a BIT beacon; written from docs/format-bit.md alone, standard library only.

usage: beacon_reader.py FILE [KEY_HEX]   prints what it holds, or fails saying why
"""
import binascii, hashlib, hmac, json, struct, sys


class Refused(Exception):
    pass


def need(condition, why):
    if not condition:
        raise Refused(why)


def split(data):
    """{type: value} of all records, where HMAC_V1 begins, where END ends."""
    need(data[:4] == b"BIT\x01" and len(data) <= 64 << 20, "magic or size")
    at, records, unsigned, last = 12, {}, 0, 0
    while 0xFF not in records:
        begin, value, length = at, b"", 0xFFFF
        while length == 0xFFFF:  # fragments of one value
            need(at + 3 <= len(data) and data[at] == data[begin], "record header")
            length = int.from_bytes(data[at + 1:at + 3], "big")
            need(at + 3 + length <= len(data), "record outside the file")
            value, at = value + data[at + 3:at + 3 + length], at + 3 + length
        kind = data[begin]
        place = 0x80 if kind == 0x20 else kind  # HMAC_V1 stands immediately before END
        need(kind < 0x80 or kind == 0xFF, "unknown critical record")
        need(place > last and (kind == 1 or kind == 2 and last == 1 or last >= 2), "order")
        records[kind], last, unsigned = value, place, begin if kind == 0x20 else unsigned
    return records, unsigned, at


def statistics(raw, dim):
    version, kind, scalar, ddof, own, w, t0, t1 = struct.unpack(">BBBBIddd", raw[:32])
    need(version == 1 and kind <= 4 and scalar in (1, 2) and own == dim, "CALIB_STATS_V1")
    count = dim + (0, 1, dim, dim * (dim + 1) // 2, dim * dim)[kind]
    need(len(raw) == 32 + count * 4 * scalar, "size of CALIB_STATS_V1")
    numbers = struct.unpack(f">{count}{' fd'[scalar]}", raw[32:])
    return {"sigma_kind": kind, "ddof": ddof, "W": w, "t0": t0, "t1": t1,
            "mu": numbers[:dim], "Sigma": numbers[dim:]}


def read(data, key=None):
    """What one beacon holds. With a key it must be authentic."""
    records, unsigned, end = split(data)
    sizes = {1: 16, 2: 4, 0x20: 33, 0x31: 100, 0xFF: 0}
    need(all(len(records.get(kind, bytes(n))) == n for kind, n in sizes.items()), "record size")
    version, encoding, zero, dim, delta, count = struct.unpack(">BBHIII", records[1])
    need((version, encoding, zero, count) == (1, 1, 0, dim) and delta, "CONFIG_V1")
    need(0 < dim <= 1 << 24 and len(data) == end + 2 * dim + 2, "size of the payload")
    flags = int.from_bytes(records[2], "big")
    present = (0x10 in records) + 2 * (0x11 in records) + 4 * (0x20 in records)
    need(flags < 128 and flags & 7 == present, "FLAGS_V1")
    need(binascii.crc_hqx(data[4:-2], 0xFFFF) == int.from_bytes(data[-2:], "big"), "CRC")
    mac = hmac.new(key or b"", data[4:unsigned] + data[end:-2], "sha256").digest()
    need(key is None or hmac.compare_digest(b"\1" + mac, records.get(0x20, b"")), "HMAC")
    raw, artifact = records.get(0x10), records.get(0x30)
    return {"records": records, "dim": dim, "delta_q16": delta, "flags": flags,
            "ctx": data[4:12].hex(),
            "routing_key": hashlib.blake2b(data[:-2], digest_size=32).hexdigest(),
            "mu": [q * delta / 65536 for q in struct.unpack(f"<{dim}h", data[end:-2])],
            "calib": raw and statistics(raw, dim),
            "results": json.loads(records.get(0x11, b"null")),
            "artifact": artifact and (artifact[:32].hex(), artifact[32:].decode())}


if __name__ == "__main__":
    path, *keys = sys.argv[1:]
    print(read(open(path, "rb").read(), bytes.fromhex(keys[0]) if keys else None))
