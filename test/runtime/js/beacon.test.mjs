// The JavaScript reader: worked examples, forgeries, and agreement with the C++ verifier.
// usage: PACKAGE=<folder of lobit-beacon> CORPUS=<...> MUTANTS=<program> node --test this
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { pathToFileURL } from "node:url";
import { serve } from "./support.mjs";

const { PACKAGE, CORPUS, MUTANTS } = process.env;
const { BeaconError, contextJson, readBeacon, verifyBeacon } = await import(
  pathToFileURL(`${PACKAGE}/index.js`).href
);
const key = Uint8Array.from({ length: 32 }, (_, i) => i);
const load = (name) => new Uint8Array(readFileSync(`${CORPUS}/${name}`));
const signed = load("signed.bit");
const bare = load("bare.bit");
const ids = { space: "myspace", model: "mymodel", pi: "mypi" };

function repaired(bytes) {
  const out = Uint8Array.from(bytes);
  let crc = 0xffff;
  for (const byte of out.subarray(4, out.length - 2)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; ++bit) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1;
  }
  out[out.length - 2] = crc >> 8;
  out[out.length - 1] = crc & 255;
  return out;
}

test("worked examples", () => {
  const verdict = verifyBeacon(signed, { key, ids });
  assert.ok(verdict.ok, verdict.reason);
  const { beacon } = verdict;
  assert.equal(beacon.context, "8f3f73649b17e37c");
  assert.deepEqual([...beacon.quantized], [40, -72, 136, 8]);
  assert.deepEqual([...beacon.calib.mu], [0.625, -1.125, 2.125, 0.125]);
  assert.equal(beacon.results.SDS, 0.375);
  assert.equal(beacon.routingKey, "2f6294b3a590f455fdbda861bc6ae911ea2f40b5b226cc4243af2a5da986a037");
  assert.equal(readBeacon(bare).routingKey, "6203f0571ebb87398d38ccc67164fb1a04a3f12cb19c8960cd94ba6ac2261af1");
  assert.deepEqual([...readBeacon(bare).mu], [0.625, -1.125, 2.125, 0.125]);
});

test("three answers", () => {
  const open = verifyBeacon(signed);
  assert.deepEqual([open.intact, open.authentic, open.acceptable], ["yes", "not checked", "yes"]);
  assert.match(verifyBeacon(bare, { key }).reason, /there is no HMAC_V1/);
  assert.match(verifyBeacon(signed, { key: key.map((b) => b ^ 1) }).reason, /the HMAC does not match/);
  assert.match(verifyBeacon(signed, { key: key.subarray(1) }).reason, /at least 32 bytes/);
  assert.match(verifyBeacon(signed, { requireAuth: true }).reason, /authentication is required/);
  assert.match(verifyBeacon(signed, { ids: { ...ids, pi: "x" } }).reason, /the context is not/);
  assert.match(verifyBeacon(signed, { now: 1 }).reason, /there is no ORIGIN_V1/);
  assert.throws(() => readBeacon(signed.subarray(1)), BeaconError);
});

test("every flipped bit and every truncation is refused", () => {
  for (let bit = 0; bit < 8 * signed.length; ++bit) {
    const bytes = Uint8Array.from(signed);
    bytes[bit >> 3] ^= 1 << (bit & 7);
    assert.ok(!verifyBeacon(bytes, { key }).ok, `bit ${bit}`);
    const again = repaired(bytes);
    if (Buffer.compare(again, signed) !== 0) assert.ok(!verifyBeacon(again, { key }).ok, `bit ${bit}`);
  }
  for (let size = 0; size < signed.length; ++size)
    assert.ok(!verifyBeacon(signed.subarray(0, size), { key }).ok, `size ${size}`);
});

test("agrees with the C++ verifier on damage", () => {
  const stream = execFileSync(MUTANTS, ["--print", "3000", "9"], { maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "ignore"] });
  let at = 0;
  let accepted = 0;
  while (at < stream.length) {
    const size = stream.readUInt32LE(at);
    const theirs = stream[at + 4] === 1;
    const bytes = new Uint8Array(stream.subarray(at + 5, at + 5 + size));
    at += 5 + size;
    const verdict = verifyBeacon(bytes);
    assert.equal(verdict.ok || verdict.drift, theirs, `${verdict.reason} ${Buffer.from(bytes).toString("hex")}`);
    assert.notEqual(verifyBeacon(bytes, { key }).authentic, "yes");
    accepted += theirs;
  }
  assert.ok(accepted > 50);
});

test("context of any text", () => {
  assert.equal(
    contextJson({ space: "s", model: "m\n\"\\/\x7f", pi: "\u00e9\u{1F600}" }, 7),
    '{"dim":7,"model_id":"m\\n\\"\\\\/\x7f","pi_id":"\\u00e9\\ud83d\\ude00","space_id":"s"}',
  );
});

const chromium = "/usr/bin/chromium";
const page = `<!doctype html><body><script type="importmap">
{"imports":{"@noble/hashes/crypto":"/node_modules/@noble/hashes/esm/crypto.js",
            "@noble/hashes/":"/node_modules/@noble/hashes/esm/"}}
</script><script type="module">
import { verifyBeacon } from "/index.js";
const bytes = Uint8Array.from(${JSON.stringify([...signed])});
const key = Uint8Array.from({ length: 32 }, (_, i) => i);
const good = verifyBeacon(bytes, { key, ids: ${JSON.stringify(ids)} });
bytes[60] ^= 1;
const bad = verifyBeacon(bytes, { key });
document.body.textContent = [good.ok, good.beacon.results.SDS, bad.ok, bad.reason].join("; ");
</script>`;

test("in a browser", { skip: existsSync(chromium) ? false : `there is no ${chromium}` }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "lobit-beacon-"));
  writeFileSync(join(folder, "index.html"), page);
  const server = await serve({ "/page/": folder, "/": PACKAGE });
  try {
    const { stdout } = await promisify(execFile)(chromium, [
      "--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${folder}/profile`,
      "--disable-background-networking", "--dump-dom",
      `${server.url}/page/index.html`,
    ]);
    assert.match(stdout, /true; 0\.375; false; the CRC/);
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
