"""What docs/format-bit.md says of the values in a beacon that beacon_reader.py has read."""
import json
import math
import struct

from beacon_reader import Refused, need

METRICS = ("norm_dmu", "cos_mu", "tr_Sigma", "SDS")


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
    results = json.loads(raw)
    need(0 < len(raw) <= 16384 and isinstance(results, dict), "results")
    need(canonical(results) == raw.decode(), "results are not canonical")
    need(all(name in results for name in METRICS), "required results")
    need(all(results[name] is None or type(results[name]) in (int, float) for name in METRICS),
         "type of a result")
    limits = results.get("thresholds")
    need(isinstance(limits, dict), "thresholds")
    exceeded = unknown = False
    for name, limit in limits.items():
        if name not in METRICS or type(limit) not in (int, float):
            unknown = True
        elif results[name] is not None:
            exceeded |= results[name] < limit if name == "cos_mu" else results[name] > limit
    alert = flags >> 5 & 1
    need(alert if exceeded else not alert or unknown, "drift flag")


def check_calib(calib, dim, flags):
    kind, times, sigma = calib["sigma_kind"], (calib["t0"], calib["t1"]), calib["Sigma"]
    need(calib["ddof"] <= 1 and not (flags >> 6 & 1 and kind > 2), "ddof or reduced Sigma")
    need(all(map(math.isfinite, (calib["W"], *times, *calib["mu"], *sigma))), "not finite")
    need(calib["W"] > 0 and times[0] <= times[1], "W, t0, t1")
    need(flags >> 4 & 1 or times == (0, 0), "times")
    place = (None, lambda i: i, lambda i: i, lambda i: i * (i + 3) // 2, lambda i: i * (dim + 1))
    need(all(sigma[place[kind](i)] >= 0 for i in range(min(len(sigma), dim))), "negative variance")


def check_low_rank(raw, dim):
    need(len(raw) >= 8, "low rank")
    version, scalar, rank, own = struct.unpack(">BBHI", raw[:8])
    need(version == 1 and scalar in (1, 2) and 1 <= rank <= 64 and own == dim, "low rank")
    count = rank + rank * dim + dim
    need(len(raw) == 8 + count * 4 * scalar, "size of low rank")
    values = struct.unpack(f">{count}{' fd'[scalar]}", raw[8:])
    need(all(map(math.isfinite, values)), "not finite")
    need(min(values[:rank]) >= 0 and min(values[-dim:]) >= 0, "negative variance")


def check(beacon):
    records, dim, flags = beacon["records"], beacon["dim"], beacon["flags"]
    need(not flags & 0x50 or 0x10 in records, "flags of a calibration")
    need(not flags & 0x20 or 0x11 in records, "flag of results")
    need(records.get(0x20, b"\1")[0] == 1, "HMAC algorithm")
    need(records.get(0x31, b"\1\0\0\0")[:4] == b"\1\0\0\0", "ORIGIN_V1")
    if 0x30 in records:
        name = records[0x30][32:]
        need(1 <= len(name) <= 255 and not any(b < 32 or b == 127 for b in name), "name")
    if 0x10 in records:
        check_calib(beacon["calib"], dim, flags)
    if 0x32 in records:
        need(0x10 in records, "low rank without calibration")
        check_low_rank(records[0x32], dim)
    if 0x11 in records:
        check_results(records[0x11], flags)


def accepts(read, data, key=None):
    """Whether `read` and the checks here accept the bytes."""
    try:
        check(read(data, key))
        return True
    except (Refused, ValueError, struct.error, RecursionError, OverflowError):
        return False
