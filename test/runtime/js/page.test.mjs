// The page in headless Chromium, driven with playwright-core: load, write, refuse.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { artifact, json, packageFolder, serve, work } from './support.mjs';

const chromiumPath = '/usr/bin/chromium';
const playwright = process.env.LOBIT_PLAYWRIGHT;
const missing = !existsSync(chromiumPath) ? `there is no ${chromiumPath}`
    : !existsSync(join(playwright, 'package.json')) ? 'playwright-core was not fetched' : false;
const greedy = json('greedy.json');
const isolated = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

async function withPage(headers, body) {
  const { chromium } = createRequire(join(playwright, 'index.js'))(playwright);
  const profile = mkdtempSync(join(tmpdir(), 'lobit-page-'));
  const server = await serve({ '/models/': work, '/': packageFolder }, headers);
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath, headless: true, viewport: { width: 900, height: 1100 },
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
           '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  try {
    const page = await context.newPage();
    const problems = [];
    page.on('pageerror', (error) => problems.push(error.message));
    await body(page, server.url);
    assert.deepEqual(problems, []);
    if (process.env.LOBIT_SCREENSHOT)
      await page.screenshot({ path: `${process.env.LOBIT_SCREENSHOT}-${headers === isolated ? 'threads' : 'plain'}.png` });
  } finally {
    await context.close();
    server.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

async function writeGreedily(page) {
  await page.fill('#prompt', greedy.prompt);
  await page.fill('#temperature', '0');
  await page.fill('#max-tokens', String(greedy.tokens.length));
  await page.evaluate(() => document.getElementById('output').replaceChildren());
  await page.click('#generate');
  await page.waitForSelector('#output[aria-busy="false"] .prompt');
  assert.equal(await page.textContent('#output'), greedy.prompt + greedy.text);
  assert.match(await page.textContent('#speed'), /^40 tokens, \d+\.\d tokens\/s$/);
}

test('from a plain server the page loads, writes what native code writes, and stops',
     { skip: missing }, () => withPage({}, async (page, url) => {
  await page.goto(`${url}/page/index.html`);
  assert.equal(await page.isDisabled('#generate'), true);
  await page.fill('#url', '/models/kjv.lobit');
  await page.click('#load');
  await page.waitForSelector('#generate:enabled');
  assert.equal(await page.textContent('#status'), 'kjv.lobit is ready.');
  assert.match(await page.textContent('#fact-verified'), /^every byte, digest [0-9a-f]{12}…$/);
  assert.match(await page.textContent('#fact-kernel'), /^wasm-(simd128|relaxed), 1 thread$/);
  await writeGreedily(page);

  // Threads would need headers that this server does not send.
  const refusal = await page.evaluate(async () => {
    const { load } = await import('/lobit/index.js');
    return load('/models/kjv.lobit', { threads: 2 }).then(() => '', (error) => error.message);
  });
  assert.match(refusal, /^2 threads need shared memory, .*Cross-Origin-Opener-Policy/);

  await page.fill('#max-tokens', '2000');
  await page.click('#generate');
  await page.waitForFunction(() => parseInt(document.getElementById('speed').textContent) > 3);
  await page.click('#stop');
  await page.waitForSelector('#generate:enabled');
  assert.equal(await page.isVisible('#error'), false);
}));

test('with isolation headers the page has threads and a file picker works',
     { skip: missing }, () => withPage(isolated, async (page, url) => {
  await page.goto(`${url}/page/index.html?model=/models/kjv.lobit`);
  await page.waitForSelector('#generate:enabled');
  const cpus = await page.evaluate(() => Math.min(navigator.hardwareConcurrency, 8));
  assert.match(await page.textContent('#fact-kernel'),
               new RegExp(`, ${cpus} thread${cpus === 1 ? '' : 's'}$`));
  await writeGreedily(page);
  await page.setInputFiles('#file', artifact('kjv.lobit'));
  await page.waitForSelector('#generate:disabled');
  await page.waitForSelector('#generate:enabled');
  await writeGreedily(page);
}));

test('what is wrong is said so that a person understands it', { skip: missing },
     () => withPage({}, async (page, url) => {
  const bytes = readFileSync(artifact('kjv.lobit'));
  bytes[bytes.length - 1000] ^= 1;
  const folder = mkdtempSync(join(tmpdir(), 'lobit-damaged-'));
  const damaged = join(folder, 'damaged.lobit');
  writeFileSync(damaged, bytes);
  const refused = async (pattern) => {
    await page.waitForSelector('#error:visible');
    assert.match(await page.textContent('#error'), pattern);
    assert.equal(await page.isDisabled('#generate'), true);
    assert.equal(await page.textContent('#status'), 'No model is loaded.');
  };
  try {
    await page.goto(`${url}/page/index.html`);
    await page.setInputFiles('#file', damaged);
    await refused(/damaged or was changed.*digest.*DIGEST_MISMATCH/);
    await page.fill('#url', '/models/none.lobit');
    await page.click('#load');
    await refused(/Check the address.*404.*IO/);
    await page.fill('#url', '/page/index.html');
    await page.click('#load');
    await refused(/no Lobit model.*MALFORMED/);
    await page.fill('#url', '/models/native.lobit');
    await page.click('#load');
    await refused(/--target=wasm.*UNSUPPORTED/);
    await page.fill('#url', '/models/mlp.lobit');
    await page.click('#load');
    await refused(/not a language model/);
  } finally {
    rmSync(folder, { recursive: true });
  }
}));
