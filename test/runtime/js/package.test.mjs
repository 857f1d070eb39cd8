// The package in node: bit-identical to native code, and the errors of its API.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

import { hasRelaxedSimd, load, LobitError, Status } from '../../../runtime/js/lobit/index.js';
import { hex, sha256 } from '../../../runtime/js/lobit/sha256.js';
import { artifact, digest, json, packageFolder, readNpy, serve, work } from './support.mjs';

const relaxed = await hasRelaxedSimd();
const isas = relaxed ? ['wasm-simd128', 'wasm-relaxed'] : ['wasm-simd128'];
const kjv = artifact('kjv.lobit');
const greedy = json('greedy.json'), sampled = json('sampled.json');
const fails = (code, pattern) => (error) => {
  assert(error instanceof LobitError, `${error?.stack}`);
  assert.equal(error.code, code);
  assert.equal(error.status, Status[code]);
  assert.match(error.message, pattern);
  return true;
};
/** Runs `body` with a model and disposes of it. */
async function withModel(options, body, source = kjv) {
  const model = await load(source, options);
  try {
    await body(model);
  } finally {
    await model.dispose();
  }
}
async function collect(pieces) {
  const tokens = [];
  let text = '';
  for (;;) {
    const { value, done } = await pieces.next();
    if (done)
      return { tokens, text, result: value };
    if (value.token !== null)
      tokens.push(value.token);
    text += value.text;
  }
}

test('SHA-256 equals node\'s', () => {
  for (const size of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000]) {
    const bytes = randomBytes(size);
    assert.equal(hex(sha256(bytes.subarray(0, size >> 1), bytes.subarray(size >> 1))),
                 createHash('sha256').update(bytes).digest('hex'));
  }
});

for (const isa of isas)
  for (const threads of [1, 2, 3])
    test(`logits of ${isa} with ${threads} threads are native code's`, async () => {
      await withModel({ isa, threads }, async (model) => {
        const native = readNpy('logits.npy');
        const logits = await model.logits(greedy.prompt_tokens);
        assert.equal(logits.length, native.data.length);
        assert.equal(digest(logits), digest(native.data));
        console.log(`${isa} ${threads} ${digest(logits)}`);
        // The same in another split.
        const half = await model.logits(greedy.prompt_tokens.slice(0, 3));
        assert.deepEqual(half, logits.slice(0, half.length));
      });
    });

/** The mean of a beacon of one row: that row. The first record after CONFIG_V1 and FLAGS_V1
 * is CALIB_STATS_V1, whose f32 numbers start 32 bytes behind its header. */
function beaconRow(name, dim) {
  const bytes = readFileSync(artifact(name));
  assert.equal(bytes[38], 0x10);
  return Float32Array.from({ length: dim }, (_, i) => bytes.readFloatBE(41 + 32 + 4 * i));
}

for (const isa of isas)
  test(`the hidden state of ${isa} is native code's`, { skip: !existsSync(artifact('hidden.bit')) },
       async () => {
    await withModel({ isa }, async (model) => {
      const native = beaconRow('hidden.bit', model.info.hidden);
      assert.equal(digest(await model.hidden(greedy.prompt_tokens)), digest(native));
      await assert.rejects(model.hidden([]), fails('INVALID_ARGUMENT', /no token to evaluate/));
    });
  });

for (const isa of isas)
  test(`an MLP on ${isa} gives native code's bytes and its known answers`, async () => {
    await withModel({ isa, threads: 2 }, async (model) => {
      const [input] = model.info.inputs, [output] = model.info.outputs;
      const { [output.name]: y } = await model.call({ [input.name]: readNpy('x.npy') });
      assert.deepEqual(y, readNpy('y.npy'));
      await model.selfTest();
      await assert.rejects(model.call({}), fails('INVALID_ARGUMENT', /0 inputs were given/));
    }, artifact('mlp.lobit'));
  });

test('known answers of the language model hold', async () => {
  await withModel({ threads: 1 }, (model) => model.selfTest());
});

test('the best code is chosen', async () => {
  await withModel({}, async (model) => {
    assert.equal(model.info.isa, isas.at(-1));
    assert.equal(model.info.verified, 'full');
    assert.equal(model.info.family, 'BitNetForCausalLM');
  });
  if (!relaxed)
    await assert.rejects(load(kjv, { isa: 'wasm-relaxed' }),
                         fails('UNSUPPORTED_CPU', /relaxed SIMD/));
});

test('greedy and sampled text are those of quant-run', async () => {
  await withModel({}, async (model) => {
    const prompt = greedy.prompt;
    const first = await collect(model.generate(prompt, { maxTokens: 40 }));
    assert.deepEqual(first.tokens, greedy.tokens);
    assert.equal(first.text, greedy.text);
    assert.equal(first.result.tokens, greedy.tokens.length);
    const options = { maxTokens: 40, temperature: 0.8, topK: 40, topP: 0.95, minP: 0.02,
                      repetitionPenalty: 1.1, seed: 7 };
    const second = await collect(model.generate(prompt, options));
    assert.deepEqual(second.tokens, sampled.tokens);
    assert.equal(second.text, sampled.text);
    // From ids instead of text.
    assert.deepEqual((await collect(model.generate(greedy.prompt_tokens, { maxTokens: 5 }))).tokens,
                     greedy.tokens.slice(0, 5));
  });
});

test('text is encoded as the reference does', async () => {
  await withModel({ threads: 1 }, async (model) => {
    for (const { text, ids } of json('tokenizer_cases.json')) {
      assert.deepEqual(await model.encode(text, { addBos: false }), ids, text);
      assert.equal(await model.decode(ids), text);
    }
  });
});

test('generation stops where it is told to', async () => {
  await withModel({ threads: 1 }, async (model) => {
    const words = greedy.text.trim().split(/\s+/);
    const stop = words[4];
    const { text, result } = await collect(model.generate(greedy.prompt, { stop, maxTokens: 40 }));
    assert.equal(result.reason, 'stop');
    assert.equal(text, greedy.text.slice(0, greedy.text.indexOf(stop)));
    const never = await collect(
        model.generate(greedy.prompt, { stop: ['\u0000', ''], maxTokens: 40 }));
    assert.equal(never.text, greedy.text);

    const control = new AbortController();
    await assert.rejects(async () => {
      for await (const piece of model.generate(greedy.prompt, { signal: control.signal })) {
        assert(piece);
        control.abort();
      }
    }, fails('CANCELLED', /stopped by the caller/));
    // Leaving the loop frees the model for the next call.
    for await (const piece of model.generate(greedy.prompt)) {
      assert(piece);
      break;
    }
    assert.equal((await collect(model.generate(greedy.prompt, { maxTokens: 3 }))).tokens.length, 3);
  });
});

test('arguments are checked', async () => {
  await withModel({ threads: 1 }, async (model) => {
    await assert.rejects(collect(model.generate([])), fails('INVALID_ARGUMENT', /empty/));
    await assert.rejects(collect(model.generate(Array(model.info.maxContext + 1).fill(1))),
                         fails('CONTEXT_FULL', /the context/));
    await assert.rejects(collect(model.generate([model.info.vocab])),
                         fails('INVALID_ARGUMENT', /the vocabulary has/));
    await assert.rejects(collect(model.generate('a', { temperature: -1 })),
                         fails('INVALID_ARGUMENT', /temperature is -1\.000000/));
    await assert.rejects(model.call({}), fails('INVALID_ARGUMENT', /takes tokens/));
  });
  await assert.rejects(load(kjv, { threads: 0 }), fails('INVALID_ARGUMENT', /threads is 0/));
  await assert.rejects(load(kjv, { verify: 'much' }), fails('INVALID_ARGUMENT', /verify is much/));
  await assert.rejects(load(kjv, { isa: 'avx2' }), fails('UNSUPPORTED', /no code for avx2/));
  await assert.rejects(load(42), fails('INVALID_ARGUMENT', /loaded from a URL/));
  const model = await load(kjv, { threads: 1 });
  await model.dispose();
  await assert.rejects(model.encode('a'), fails('INVALID_ARGUMENT', /disposed/));
});

test('a model comes from a path, a URL, bytes, a Blob and a stream', async () => {
  const server = await serve({ '/': work });
  const bytes = readFileSync(kjv);
  try {
    const sources = [kjv, pathToFileURL(kjv), `${server.url}/kjv.lobit`, bytes,
                     Uint8Array.from(bytes).buffer, new Blob([bytes]), new Blob([bytes]).stream()];
    for (const source of sources) {
      const seen = [];
      await withModel({ threads: 1, onProgress: (p) => seen.push(p) }, async (model) => {
        assert.equal(model.info.fileBytes, bytes.length);
      }, source);
      assert.equal(seen.at(-1).stage, 'verifying');
      assert.equal(seen.at(-1).loaded, bytes.length);
      assert(seen.every(({ loaded }, i) => i === 0 || loaded >= seen[i - 1].loaded));
    }
    await assert.rejects(load(`${server.url}/none.lobit`), fails('IO', /404 Not Found/));
    await assert.rejects(load(artifact('none.lobit')), fails('IO', /cannot be opened/));
    await assert.rejects(load('http://127.0.0.1:1/'), fails('IO', /cannot be fetched/));
    const control = new AbortController();
    await assert.rejects(load(kjv, { signal: control.signal, onProgress: () => control.abort() }),
                         fails('CANCELLED', /stopped/));
    await assert.rejects(load(kjv, { signal: control.signal }), fails('CANCELLED', /stopped/));
  } finally {
    server.close();
  }
});

test('a changed byte is found wherever it is', async () => {
  const bytes = readFileSync(kjv);
  const changed = (at) => {
    const copy = Uint8Array.from(bytes);
    copy[at] ^= 1;
    return copy;
  };
  const sections = Array.from({ length: bytes.readUInt32LE(20) }, (_, i) => ({
    type: bytes.readUInt32LE(4096 + 96 * i),
    offset: Number(bytes.readBigUInt64LE(4096 + 96 * i + 8)),
    size: Number(bytes.readBigUInt64LE(4096 + 96 * i + 16)),
  }));
  await assert.rejects(load(changed(0)), fails('MALFORMED', /not a Lobit model/));
  await assert.rejects(load(changed(300)), fails('DIGEST_MISMATCH', /header and section table/));
  await assert.rejects(load(changed(4096 + 70)), fails('DIGEST_MISMATCH', /section table/));
  for (const { offset, size } of sections)
    await assert.rejects(load(changed(offset + (size >> 1)), { threads: 1 }),
                         fails('DIGEST_MISMATCH', /digest/));
  await assert.rejects(load(bytes.subarray(0, 1000)), fails('OUT_OF_BOUNDS', /cut short/));
  await assert.rejects(load(bytes.subarray(0, bytes.length - 1)),
                       fails('OUT_OF_BOUNDS', /cut short/));
  await assert.rejects(load(readFileSync(artifact('native.lobit'))),
                       fails('UNSUPPORTED', /--target=wasm/));
});

test('a worker gives the same and stops', async () => {
  const seen = [];
  await withModel({ worker: true, threads: 2, onProgress: (p) => seen.push(p) }, async (model) => {
    assert(seen.length > 1);
    assert.equal(model.info.threads, 2);
    const { tokens, text, result } = await collect(model.generate(greedy.prompt, { maxTokens: 40 }));
    assert.deepEqual(tokens, greedy.tokens);
    assert.equal(text, greedy.text);
    assert.equal(result.reason, greedy.stop);
    assert.equal(digest(await model.logits(greedy.prompt_tokens)),
                 digest(readNpy('logits.npy').data));
    const control = new AbortController();
    await assert.rejects(async () => {
      for await (const piece of model.generate(greedy.prompt, { signal: control.signal })) {
        assert(piece);
        control.abort();
      }
    }, fails('CANCELLED', /stopped by the caller/));
    for await (const piece of model.generate(greedy.prompt)) {
      assert(piece);
      break;
    }
    assert.equal(await model.decode(await model.encode('And it came')), 'And it came');
    await assert.rejects(collect(model.generate([])), fails('INVALID_ARGUMENT', /empty/));
  });
  await assert.rejects(load(artifact('none.lobit'), { worker: true }),
                       fails('IO', /cannot be opened/));
});

test('npm pack gives a package that a short script uses', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lobit-pack-'));
  const run = (program, ...args) => execFileSync(program, args, { cwd: folder, encoding: 'utf8' });
  try {
    run('npm', 'pack', '--silent', packageFolder);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    run('npm', 'install', '--silent', '--offline', '--no-audit', './lobit-0.1.0.tgz');
    writeFileSync(join(folder, 'stranger.js'), `import { load } from 'lobit';

const model = await load(process.argv[2]);
console.error(model.info.isa, model.info.threads);
for await (const { text } of model.generate(process.argv[3], { maxTokens: 40 }))
  process.stdout.write(text);
await model.dispose();
`);
    assert.equal(run(process.execPath, 'stranger.js', kjv, greedy.prompt), greedy.text);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
