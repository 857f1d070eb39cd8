import * as F from "./format.js";

/** Why bytes are no beacon. `code`: "malformed", "critical" or "limit". */
export class BeaconError extends Error {
  constructor(message, code = "malformed") {
    super(message);
    this.name = "BeaconError";
    this.code = code;
  }
}

function need(condition, message, code) {
  if (!condition) throw new BeaconError(message, code);
}

/** One record with its continuations: a fragment has 65535 bytes and is continued. */
function readRecord(bytes, view, at) {
  const type = bytes[at];
  const begin = at;
  const parts = [];
  let length;
  do {
    need(at + 3 <= bytes.length, "ends before the END record");
    need(bytes[at] === type, "a fragment is continued by a record of another type");
    length = view.getUint16(at + 1);
    need(at + 3 + length <= bytes.length, "a record ends behind the end of the file");
    parts.push(bytes.subarray(at + 3, at + 3 + length));
    at += 3 + length;
  } while (length === 0xffff);
  let value = parts[0];
  if (parts.length > 1) {
    value = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
    let place = 0;
    for (const part of parts) {
      value.set(part, place);
      place += part.length;
    }
  }
  return { type, begin, end: at, value };
}

export function dataView(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Finds the parts of exactly one beacon: lengths, grammar, shapes and flags, but neither
 * CRC, HMAC nor numbers.
 */
export function parseParts(bytes) {
  need(bytes.length <= F.MAX_FILE_BYTES, "a beacon has at most 64 MiB", "limit");
  need(
    bytes.length >= 12 && F.MAGIC.every((byte, i) => bytes[i] === byte),
    "does not begin with BIT and version 1",
  );
  const view = dataView(bytes);
  const records = new Map();
  let at = 12;
  let last = 0;
  let hmac = null;
  let header = 0;
  while (header === 0) {
    const record = readRecord(bytes, view, at);
    at = record.end;
    const { type, value } = record;
    if (records.size < 2) {
      need(type === records.size + 1, "CONFIG_V1 and FLAGS_V1 do not come first");
      need(value.length === (type === F.RECORD.CONFIG ? 16 : 4), "CONFIG_V1 or FLAGS_V1 has another size");
    } else if (type === F.RECORD.END) {
      need(value.length === 0, "the END record is not empty");
      header = at;
      break;
    } else {
      need(hmac === null, "HMAC_V1 does not stand immediately before END");
      if (type === F.RECORD.HMAC) {
        need(value.length === 33 && value[0] === 1, "HMAC_V1 is not 01 and 32 bytes");
        hmac = record;
        continue;
      }
      need(type > last, "the records do not ascend by type, each at most once");
      need(type < F.FIRST_CRITICAL, "a critical record is not known to this version", "critical");
    }
    last = type;
    records.set(type, value);
  }
  const config = records.get(F.RECORD.CONFIG);
  const configView = dataView(config);
  need(configView.getUint32(0) === 0x01010000, "CONFIG_V1 is not version 1, encoding 1 and 0");
  const dim = configView.getUint32(4);
  const deltaQ16 = configView.getUint32(8);
  need(dim >= 1 && dim <= F.MAX_DIM, "dim lies outside 1 .. 2^24");
  need(deltaQ16 !== 0, "delta_q16 is 0");
  need(configView.getUint32(12) === dim, "payload_count differs from dim");
  need(bytes.length === header + 2 * dim + 2, "the payload has another size than dim needs");
  const flags = dataView(records.get(F.RECORD.FLAGS)).getUint32(0);
  checkFlags(flags, records, hmac);
  const parts = {
    bytes,
    header,
    records,
    dim,
    deltaQ16,
    flags,
    mac: hmac === null ? null : hmac.value.subarray(1),
    authenticated: bytes.subarray(4, hmac === null ? header - 3 : hmac.begin),
    payload: bytes.subarray(header, header + 2 * dim),
    crc: view.getUint16(bytes.length - 2),
  };
  checkShapes(parts);
  return parts;
}

function checkFlags(flags, records, hmac) {
  need((flags & ~F.KNOWN_FLAGS) === 0, "FLAGS_V1 has unknown bits");
  const has = (flag) => (flags & flag) !== 0;
  need(
    has(F.FLAG.CALIB) === records.has(F.RECORD.CALIB) &&
      has(F.FLAG.RESULTS) === records.has(F.RECORD.RESULTS) &&
      has(F.FLAG.HMAC) === (hmac !== null),
    "FLAGS_V1 contradicts the records that are present",
  );
  need(
    has(F.FLAG.CALIB) || !has(F.FLAG.TIMES | F.FLAG.REDUCED),
    "FLAGS_V1 speaks of CALIB_STATS_V1, which is not present",
  );
  need(has(F.FLAG.RESULTS) || !has(F.FLAG.DRIFT), "FLAGS_V1 has a drift alert without RESULTS_V1");
}

/** Entries of Sigma: 0, 1, dim, dim (dim + 1) / 2, dim^2. */
export function sigmaCount(kind, dim) {
  return [0, 1, dim, (dim * (dim + 1)) / 2, dim * dim][kind];
}

function checkShapes({ records, dim, flags }) {
  const scalar = (code) => code === 1 || code === 2;
  const calib = records.get(F.RECORD.CALIB);
  if (calib) {
    need(calib.length >= 32, "CALIB_STATS_V1 is shorter than its fixed part");
    const [version, kind, code, ddof] = calib;
    need(
      version === 1 && kind <= 4 && scalar(code) && ddof <= 1,
      "CALIB_STATS_V1 has an unknown version, kind, scalar or ddof",
    );
    need(dataView(calib).getUint32(4) === dim, "CALIB_STATS_V1 has another dim than CONFIG_V1");
    need(
      calib.length === 32 + 4 * code * (dim + sigmaCount(kind, dim)),
      "CALIB_STATS_V1 has another size than its kind and dim need",
    );
    need(!(flags & F.FLAG.REDUCED) || kind <= 2, "FLAGS_V1 says that Sigma is reduced, but it is complete");
  }
  const lowRank = records.get(F.RECORD.LOWRANK);
  if (lowRank) {
    need(lowRank.length >= 8, "CALIB_LOWRANK_V1 is shorter than its fixed part");
    const view = dataView(lowRank);
    const rank = view.getUint16(2);
    need(
      lowRank[0] === 1 && scalar(lowRank[1]) && rank >= 1 && rank <= 64,
      "CALIB_LOWRANK_V1 has an unknown version, scalar or rank",
    );
    need(view.getUint32(4) === dim, "CALIB_LOWRANK_V1 has another dim than CONFIG_V1");
    need(
      lowRank.length === 8 + 4 * lowRank[1] * (rank + rank * dim + dim),
      "CALIB_LOWRANK_V1 has another size than its rank and dim need",
    );
    need(calib !== undefined, "CALIB_LOWRANK_V1 stands without CALIB_STATS_V1");
  }
  const results = records.get(F.RECORD.RESULTS);
  need(
    !results || (results.length > 0 && results.length <= F.MAX_RESULTS_BYTES),
    "RESULTS_V1 is empty or above 16 KiB",
  );
  const artifact = records.get(F.RECORD.ARTIFACT);
  need(
    !artifact || (artifact.length > 32 && artifact.length <= 32 + 255),
    "ARTIFACT_V1 is not 32 bytes and a name of 1 to 255 bytes",
  );
  const origin = records.get(F.RECORD.ORIGIN);
  need(
    !origin || (origin.length === 100 && dataView(origin).getUint32(0) === 0x01000000),
    "ORIGIN_V1 is not version 1 with 100 bytes",
  );
}
