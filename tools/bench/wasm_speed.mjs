// Measures a language model compiled for wasm in this node:
//   node wasm_speed.mjs MODEL [--isa ISA] [--threads N] [--prompt N] [--tokens N] [--runs N]
// Prints one JSON object a run: tokens a second of the prompt and of decoding.
import { parseArgs } from 'node:util';

import { load } from '../../runtime/js/lobit/index.js';

const number = (value) => ({ type: 'string', default: String(value) });
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { isa: { type: 'string' }, threads: number(1), prompt: number(64), tokens: number(32),
             runs: number(3) },
});

const before = performance.now();
const model = await load(positionals[0], { isa: values.isa, threads: Number(values.threads),
                                           verify: 'structure' });
const loadSeconds = (performance.now() - before) / 1000;
// Seeded token ids; what they are does not matter.
let state = 1;
const prompt = Array.from({ length: Number(values.prompt) }, () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state % model.info.vocab;
});
for (let run = 0; run < Number(values.runs); ++run) {
  const pieces = model.generate(prompt, { maxTokens: Number(values.tokens) });
  let step;
  do
    step = await pieces.next();
  while (!step.done);
  const { tokens, seconds, promptTokens, promptSeconds } = step.value;
  console.log(JSON.stringify({
    isa: model.info.isa, threads: model.info.threads, engine: process.versions.v8,
    loadSeconds: Number(loadSeconds.toFixed(2)),
    promptTokensPerSecond: Number((promptTokens / promptSeconds).toFixed(2)),
    // The last token is not evaluated.
    decodeTokensPerSecond: Number(((tokens - 1) / seconds).toFixed(2)),
  }));
}
await model.dispose();
