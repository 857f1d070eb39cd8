// SHA-256 without crypto.subtle, which pages from plain http do not have. It checks the
// header, the section table and the code before anything of a file is run; the rest is
// checked by the runtime itself.

const roundConstants = new Uint32Array(64);
const initialState = new Uint32Array(8);

// The fractional bits of the cube and square roots of the first primes.
{
  const fraction = (x) => Math.floor((x - Math.floor(x)) * 2 ** 32);
  const primes = [];
  for (let n = 2; primes.length < 64; ++n)
    if (primes.every((p) => n % p !== 0))
      primes.push(n);
  primes.forEach((p, i) => {
    roundConstants[i] = fraction(Math.cbrt(p));
    if (i < 8)
      initialState[i] = fraction(Math.sqrt(p));
  });
}

const w = new Int32Array(64);

function block(state, bytes, at) {
  for (let t = 0; t < 16; ++t, at += 4)
    w[t] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  for (let t = 16; t < 64; ++t) {
    const x = w[t - 15], y = w[t - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < 64; ++t) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + roundConstants[t] + w[t]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

/** The digest of the concatenated `parts`. */
export function sha256(...parts) {
  const state = Uint32Array.from(initialState);
  const rest = new Uint8Array(128);
  let held = 0, total = 0;
  for (const part of parts) {
    total += part.length;
    let at = 0;
    if (held) {
      at = Math.min(64 - held, part.length);
      rest.set(part.subarray(0, at), held);
      held += at;
      if (held < 64)
        continue;
      block(state, rest, 0);
      held = 0;
    }
    for (; at + 64 <= part.length; at += 64)
      block(state, part, at);
    rest.set(part.subarray(at), 0);
    held = part.length - at;
  }
  rest.fill(0, held);
  rest[held] = 0x80;
  const end = held < 56 ? 64 : 128;
  const view = new DataView(rest.buffer);
  view.setUint32(end - 8, Math.floor(total / 2 ** 29));
  view.setUint32(end - 4, total * 8 >>> 0);
  for (let at = 0; at < end; at += 64)
    block(state, rest, at);
  const digest = new Uint8Array(32);
  state.forEach((word, i) => new DataView(digest.buffer).setUint32(4 * i, word));
  return digest;
}

const leafBytes = 2 ** 20;

/** `prefix` and `size` as a u64, what the digests of an artifact begin with. */
export function sizePrefix(prefix, size) {
  const bytes = new Uint8Array(9);
  bytes[0] = prefix;
  new DataView(bytes.buffer).setBigUint64(1, BigInt(size), true);
  return bytes;
}

/** The digest of a section (docs/format.md): a tree over leaves of 1 MiB. */
export function treeDigest(bytes) {
  const top = (first, count) => {
    if (count === 1)
      return sha256(Uint8Array.of(0), bytes.subarray(first * leafBytes, (first + 1) * leafBytes));
    let left = 1;
    while (2 * left < count)
      left *= 2;
    return sha256(Uint8Array.of(1), top(first, left), top(first + left, count - left));
  };
  const leaves = Math.max(1, Math.ceil(bytes.length / leafBytes));
  return sha256(sizePrefix(2, bytes.length), top(0, leaves));
}

export const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
