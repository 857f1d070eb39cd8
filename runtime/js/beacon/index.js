import { blake2b } from "@noble/hashes/blake2.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { FLAG, MAX_RESULTS_DEPTH, METRICS, RECORD } from "./format.js";
import { parseCanonical } from "./json.js";
import { BeaconError, dataView, parseParts, sigmaCount } from "./parse.js";

export { BeaconError };

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function concat(...parts) {
  const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** CRC-16/IBM-3740. */
function crc16(bytes) {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; ++bit) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1;
  }
  return crc;
}

/** In time that does not depend on where they differ. */
function equalSecrets(a, b) {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; ++i) difference |= a[i] ^ b[i];
  return difference === 0;
}

/** A string with everything above 7 bits as \uXXXX. */
function asciiString(text) {
  return JSON.stringify(text).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The text that CTX is the hash of. */
export function contextJson({ space, model, pi }, dim) {
  return (
    `{"dim":${dim},"model_id":${asciiString(model)},` +
    `"pi_id":${asciiString(pi)},"space_id":${asciiString(space)}}`
  );
}

function contextHash(ids, dim, size) {
  return blake2b(new TextEncoder().encode(contextJson(ids, dim)), { dkLen: size });
}

function fail(message) {
  throw new BeaconError(message);
}

function scalars(value, at, count, code) {
  const view = dataView(value);
  const out = new Float64Array(count);
  for (let i = 0; i < count; ++i) {
    out[i] = code === 2 ? view.getFloat64(at + 8 * i) : view.getFloat32(at + 4 * i);
    if (!Number.isFinite(out[i])) fail("a number of the statistics is not finite");
  }
  return out;
}

function readCalib({ records, dim, flags }) {
  const value = records.get(RECORD.CALIB);
  if (!value) return null;
  const view = dataView(value);
  const [, kind, code, ddof] = value;
  const [weight, t0, t1] = [8, 16, 24].map((at) => view.getFloat64(at));
  if (!(Number.isFinite(weight) && weight > 0)) fail("W is not above 0");
  if (!(Number.isFinite(t0) && Number.isFinite(t1) && t0 <= t1)) fail("t0 and t1 are not finite and in order");
  if (!(flags & FLAG.TIMES) && (t0 !== 0 || t1 !== 0)) fail("t0 and t1 are set, but FLAGS_V1 says they are not");
  const mu = scalars(value, 32, dim, code);
  const sigma = scalars(value, 32 + 4 * code * dim, sigmaCount(kind, dim), code);
  const diagonal = [null, (i) => i, (i) => i, (i) => (i * (i + 3)) / 2, (i) => i * (dim + 1)][kind];
  for (let i = 0; i < Math.min(sigma.length, dim); ++i)
    if (sigma[diagonal(i)] < 0) fail("a variance is negative");
  const kinds = ["none", "isotropic", "diagonal", "packed", "full"];
  return { mu, sigmaKind: kinds[kind], sigma, weight, ddof, t0, t1 };
}

function readLowRank({ records, dim }) {
  const value = records.get(RECORD.LOWRANK);
  if (!value) return null;
  const rank = dataView(value).getUint16(2);
  const all = scalars(value, 8, rank + rank * dim + dim, value[1]);
  const eigenvalues = all.subarray(0, rank);
  const residual = all.subarray(rank + rank * dim);
  if (eigenvalues.some((x) => x < 0) || residual.some((x) => x < 0)) fail("a variance is negative");
  return { eigenvalues, eigenvectors: all.subarray(rank, rank + rank * dim), residual };
}

function readResults({ records, flags }) {
  const value = records.get(RECORD.RESULTS);
  if (!value) return null;
  const results = parseCanonical(value, MAX_RESULTS_DEPTH);
  if (results === null || Array.isArray(results) || typeof results !== "object")
    fail("RESULTS_V1 is no canonical JSON object");
  const own = (name) => (Object.hasOwn(results, name) ? results[name] : undefined);
  for (const name of METRICS)
    if (own(name) !== null && typeof own(name) !== "number")
      fail("RESULTS_V1 lacks one of norm_dmu, cos_mu, tr_Sigma and SDS as number or null");
  const limits = own("thresholds");
  if (limits === null || typeof limits !== "object" || Array.isArray(limits))
    fail("RESULTS_V1 lacks the object thresholds");
  let exceeded = false;
  let unknown = false;
  for (const [name, limit] of Object.entries(limits)) {
    if (!METRICS.includes(name) || typeof limit !== "number") unknown = true;
    else if (results[name] !== null)
      exceeded ||= name === "cos_mu" ? results[name] < limit : results[name] > limit;
  }
  const alert = (flags & FLAG.DRIFT) !== 0;
  if (exceeded ? !alert : alert && !unknown)
    fail("the drift alert of FLAGS_V1 contradicts the thresholds in RESULTS_V1");
  return results;
}

function readArtifact({ records }) {
  const value = records.get(RECORD.ARTIFACT);
  if (!value) return null;
  try {
    const tensor = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value.subarray(32));
    // eslint-disable-next-line no-control-regex
    if (!/[\u0000-\u001f\u007f]/.test(tensor)) return { rootDigest: hex(value.subarray(0, 32)), tensor };
  } catch {
    // reported below
  }
  return fail("the name in ARTIFACT_V1 is not UTF-8 without control characters");
}

function readOrigin({ records }) {
  const value = records.get(RECORD.ORIGIN);
  if (!value) return null;
  const view = dataView(value);
  return {
    keyId: hex(value.subarray(4, 12)),
    sequence: view.getBigUint64(12),
    issued: view.getBigUint64(20),
    expires: view.getBigUint64(28),
    context: hex(value.subarray(36, 68)),
    previous: hex(value.subarray(68, 100)),
  };
}

function describe(parts) {
  const { bytes, payload, dim, deltaQ16, flags, header } = parts;
  const quantized = new Int16Array(dim);
  const view = dataView(payload);
  for (let i = 0; i < dim; ++i) quantized[i] = view.getInt16(2 * i, true);
  return {
    context: hex(bytes.subarray(4, 12)),
    dim,
    deltaQ16,
    flags,
    quantized,
    mu: Float64Array.from(quantized, (q) => (q * deltaQ16) / 65536),
    calib: readCalib(parts),
    lowRank: readLowRank(parts),
    results: readResults(parts),
    artifact: readArtifact(parts),
    origin: readOrigin(parts),
    routingKey: hex(blake2b(bytes.subarray(0, header + 2 * dim), { dkLen: 32 })),
    digest: hex(sha256(bytes)),
  };
}

/** What a beacon holds. Throws BeaconError; checks form and numbers, but no CRC or HMAC. */
export function readBeacon(bytes) {
  return describe(parseParts(bytes));
}

function checkOrigin(origin, policy) {
  const { keyId, now, lastSequence, previous } = policy;
  if ([keyId, now, lastSequence, previous].every((rule) => rule === undefined)) return null;
  if (!origin) return "there is no ORIGIN_V1, so it belongs to no key, time or chain";
  if (keyId !== undefined && origin.keyId !== keyId) return `its key id is ${origin.keyId}, expected ${keyId}`;
  if (now !== undefined && origin.expires !== 0n && BigInt(now) >= origin.expires)
    return `it expired at ${origin.expires}`;
  if (now !== undefined && origin.issued > BigInt(now)) return `it was issued at ${origin.issued}, in the future`;
  if (lastSequence !== undefined && origin.sequence <= BigInt(lastSequence))
    return `it was seen before: its sequence number is ${origin.sequence}`;
  if (previous !== undefined && origin.previous !== previous) return `it follows ${origin.previous}`;
  return null;
}

/**
 * Checks exactly one beacon, in the order of docs/format-bit.md. Returns three separate
 * answers, each "yes", "no" or "not checked", with the first reason and the content, which
 * is null unless the beacon is intact and, with a key, authentic.
 */
export function verifyBeacon(bytes, { key, requireAuth = false, ids, ...policy } = {}) {
  const verdict = {
    intact: "no",
    authentic: "not checked",
    acceptable: "not checked",
    ok: false,
    drift: false,
    reason: "",
    beacon: null,
  };
  const refuse = (reason) => Object.assign(verdict, { reason });
  let parts;
  try {
    parts = parseParts(bytes);
  } catch (error) {
    if (!(error instanceof BeaconError)) throw error;
    return refuse(error.message);
  }
  if (crc16(bytes.subarray(4, bytes.length - 2)) !== parts.crc) return refuse("the CRC does not match: damaged");
  verdict.intact = "yes";
  if (key !== undefined) {
    verdict.authentic = "no";
    if (key.length < 32) return refuse("a key has at least 32 bytes");
    if (!parts.mac) return refuse("there is no HMAC_V1, a key is given");
    const mac = hmac(sha256, key, concat(parts.authenticated, parts.payload));
    if (!equalSecrets(mac, parts.mac))
      return refuse("the HMAC does not match: another key, or changed by somebody without it");
    verdict.authentic = "yes";
  } else if (requireAuth) {
    verdict.authentic = "no";
    return refuse("authentication is required and no key is given");
  }
  verdict.acceptable = "no";
  if (ids) {
    if (hex(contextHash(ids, parts.dim, 8)) !== hex(bytes.subarray(4, 12)))
      return refuse("the context is not that of the given ids");
    const origin = readOrigin(parts);
    if (origin && origin.context !== hex(contextHash(ids, parts.dim, 32)))
      return refuse("the context in ORIGIN_V1 is not that of the given ids");
  }
  const broken = checkOrigin(readOrigin(parts), policy);
  if (broken) return refuse(broken);
  try {
    verdict.beacon = describe(parts);
  } catch (error) {
    if (!(error instanceof BeaconError)) throw error;
    return refuse(error.message);
  }
  verdict.drift = (parts.flags & FLAG.DRIFT) !== 0;
  if (verdict.drift) return refuse("the beacon reports drift");
  verdict.acceptable = "yes";
  verdict.ok = true;
  return verdict;
}
