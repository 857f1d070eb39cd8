"""A reader of BIT beacons written from docs/format-bit.md alone, standard library only.

usage: beacon_reader.py FILE [KEY_HEX]   prints what it holds, or why it is refused
"""
import binascii
import hashlib
import hmac
import json
import math
import struct
import sys


class Refused(Exception):
    pass


def need(condition, why):
    if not condition:
        raise Refused(why)


def number(x):
    """A JSON number in the form of RFC 8785."""
    if x == 0:
        return "0"
    mantissa, exponent = f"{abs(x):.17e}".split("e")
    for digits in range(17):
        if float(f"{abs(x):.{digits}e}") == abs(x):
            mantissa, exponent = f"{abs(x):.{digits}e}".split("e")
            break
    d, n = mantissa.replace(".", "").rstrip("0") or "0", int(exponent) + 1
    if len(d) <= n <= 21:
        text = d + "0" * (n - len(d))
    elif 0 < n <= 21:
        text = d[:n] + "." + d[n:]
    elif -6 < n <= 0:
        text = "0." + "0" * -n + d
    else:
        text = d[0] + ("." + d[1:] if len(d) > 1 else "") + f"e{'+' if n > 0 else '-'}{abs(n - 1)}"
    return "-" * (x < 0) + text


def canonical(value, depth=0):
    """The canonical text of a parsed value; keys need no escape, at most 4 levels."""
    if isinstance(value, (dict, list)):
        need(depth < 4, "nesting")
    if isinstance(value, dict):
        need(all(canonical(k) == f'"{k}"' for k in value), "key")
        keys = sorted(value, key=lambda k: k.encode("utf-16-be"))
        return "{" + ",".join(f'"{k}":{canonical(value[k], depth + 1)}' for k in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(v, depth + 1) for v in value) + "]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number(float(value))
    return json.dumps(value, ensure_ascii=False)


def check_results(raw, flags):
    need(0 < len(raw) <= 16384, "size of results")
    try:
        text = raw.decode()
        results = json.loads(text)
        need(isinstance(results, dict) and canonical(results) == text, "results not canonical")
    except (ValueError, RecursionError, OverflowError) as error:
        raise Refused(f"results: {error}")
    for name in ("norm_dmu", "cos_mu", "tr_Sigma", "SDS"):
        need(name in results, name)
        need(results[name] is None or type(results[name]) in (int, float), name)
    limits = results.get("thresholds")
    need(isinstance(limits, dict), "thresholds")
    exceeded = unknown = False
    for name, limit in limits.items():
        if name not in ("norm_dmu", "cos_mu", "tr_Sigma", "SDS") or type(limit) not in (int, float):
            unknown = True
        elif results[name] is not None:
            exceeded |= results[name] < limit if name == "cos_mu" else results[name] > limit
    need(flags >> 5 & 1 if exceeded else not flags >> 5 & 1 or unknown, "drift flag")
    return results


def scalars(raw, at, count, code):
    size = count * (8 if code == 2 else 4)
    values = struct.unpack(f">{count}{'d' if code == 2 else 'f'}", raw[at:at + size])
    need(all(map(math.isfinite, values)), "not finite")
    return values


def check_calib(raw, dim, flags):
    need(len(raw) >= 32, "calibration")
    version, kind, code, ddof, own, w, t0, t1 = struct.unpack(">BBBBIddd", raw[:32])
    need(version == 1 and kind <= 4 and code in (1, 2) and ddof <= 1 and own == dim, "calibration")
    count = (0, 1, dim, dim * (dim + 1) // 2, dim * dim)[kind]
    need(len(raw) == 32 + (dim + count) * 4 * code, "size of calibration")
    need(not (flags >> 6 & 1 and kind > 2), "reduced sigma")
    need(math.isfinite(w) and w > 0 and math.isfinite(t0) and math.isfinite(t1) and t0 <= t1, "W, t0, t1")
    need(flags >> 4 & 1 or t0 == t1 == 0, "times")
    mu = scalars(raw, 32, dim, code)
    sigma = scalars(raw, 32 + dim * 4 * code, count, code)
    step = (None, lambda i: i, lambda i: i, lambda i: i * (i + 3) // 2, lambda i: i * (dim + 1))[kind]
    need(all(sigma[step(i)] >= 0 for i in range(min(count, dim))), "negative variance")
    return {"mu": mu, "sigma_kind": kind, "Sigma": sigma, "W": w}


def check_low_rank(raw, dim):
    need(len(raw) >= 8, "low rank")
    version, code, rank, own = struct.unpack(">BBHI", raw[:8])
    need(version == 1 and code in (1, 2) and 1 <= rank <= 64 and own == dim, "low rank")
    need(len(raw) == 8 + (rank + rank * dim + dim) * 4 * code, "size of low rank")
    values = scalars(raw, 8, rank + rank * dim + dim, code)
    need(min(values[:rank]) >= 0 and min(values[-dim:]) >= 0, "negative variance")


def read(data, key=None):
    """What one beacon holds. With a key it must be authentic."""
    need(len(data) <= 64 << 20 and data[:4] == b"BIT\x01" and len(data) >= 12, "magic or size")
    at, records, mac = 12, {}, None
    while True:
        kind, value, length, begin = data[at] if at < len(data) else -1, b"", 65535, at
        while length == 65535:
            need(at + 3 <= len(data) and data[at] == kind, "record")
            length = struct.unpack(">H", data[at + 1:at + 3])[0]
            need(at + 3 + length <= len(data), "record outside the file")
            value += data[at + 3:at + 3 + length]
            at += 3 + length
        if kind == 0xFF:
            need(not value, "END is not empty")
            break
        need(mac is None, "HMAC is not the last")
        if kind == 0x20:
            need(len(records) >= 2 and len(value) == 33 and value[0] == 1, "HMAC form")
            mac, covered = value[1:], data[4:begin]
            continue
        need(kind == (1, 2)[len(records)] if len(records) < 2 else kind > max(records), "order")
        need(kind < 0x80, "unknown critical record")
        records[kind] = value
    need(len(records) >= 2 and len(records[1]) == 16 and len(records[2]) == 4, "CONFIG, FLAGS")
    version, encoding, zero, dim, delta, count = struct.unpack(">BBHIII", records[1])
    need((version, encoding, zero) == (1, 1, 0) and 1 <= dim <= 1 << 24 and delta and count == dim, "CONFIG")
    need(len(data) == at + 2 * dim + 2, "size")
    flags = struct.unpack(">I", records[2])[0]
    need(flags < 128 and [flags & 1, flags >> 1 & 1, flags >> 2 & 1]
         == [0x10 in records, 0x11 in records, mac is not None], "flags")
    need(not flags & 0x50 or 0x10 in records, "flags of calibration")
    need(not flags & 0x20 or 0x11 in records, "flag of results")
    need(binascii.crc_hqx(data[4:-2], 0xFFFF) == struct.unpack(">H", data[-2:])[0], "CRC")
    payload = data[at:-2]
    if key is not None:
        need(mac is not None, "no HMAC")
        need(hmac.compare_digest(mac, hmac.new(key, covered + payload, "sha256").digest()), "HMAC")
    out = {"ctx": data[4:12].hex(), "dim": dim, "delta_q16": delta, "flags": flags,
           "authentic": key is not None, "routing_key": hashlib.blake2b(data[:-2], digest_size=32).hexdigest(),
           "mu": [q * delta / 65536 for q in struct.unpack(f"<{dim}h", payload)]}
    if 0x30 in records:
        name = records[0x30][32:]
        need(1 <= len(name) <= 255 and not any(b < 32 or b == 127 for b in name), "name")
        try:
            out["artifact"] = (records[0x30][:32].hex(), name.decode())
        except ValueError:
            raise Refused("name")
    if 0x31 in records:
        need(len(records[0x31]) == 100 and records[0x31][:4] == b"\1\0\0\0", "ORIGIN")
        names = ("key_id", "sequence", "issued", "expires", "ctx256", "previous")
        out["origin"] = dict(zip(names, struct.unpack(">8sQQQ32s32s", records[0x31][4:])))
    if 0x10 in records:
        out["calib"] = check_calib(records[0x10], dim, flags)
    if 0x32 in records:
        need(0x10 in records, "low rank without calibration")
        check_low_rank(records[0x32], dim)
    if 0x11 in records:
        out["results"] = check_results(records[0x11], flags)
    return out


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        try:
            print(read(file.read(), bytes.fromhex(sys.argv[2]) if len(sys.argv) > 2 else None))
        except Refused as why:
            sys.exit(f"refused: {why}")
