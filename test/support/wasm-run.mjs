// The part of quant-run that the comparison of all targets needs, in node:
//   wasm-run.mjs MODEL -t N --json [--isa ISA] --tokens IDS --logits X.npy -n N --temperature 0
//   wasm-run.mjs MODEL -t N --json [--isa ISA] --input X.npy --output Y.npy
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { load } from '../../runtime/js/lobit/index.js';

const text = { type: 'string' };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { t: { type: 'string', short: 't' }, n: { type: 'string', short: 'n' }, isa: text,
             json: { type: 'boolean' }, tokens: text, logits: text, temperature: text,
             input: text, output: text },
});

function writeNpy(path, dims, data) {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${dims.join(', ')},), }\n`;
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length & 255,
                             header.length >> 8]);
  writeFileSync(path, Buffer.concat([start, Buffer.from(header), Buffer.from(data.buffer)]));
}

function readNpy(path) {
  const bytes = readFileSync(path), end = 10 + bytes.readUInt16LE(8);
  const dims = bytes.subarray(10, end).toString().match(/\(([^)]*)\)/)[1].split(',')
                   .filter((dim) => dim.trim()).map(Number);
  return { dims, data: new Float32Array(Uint8Array.from(bytes.subarray(end)).buffer) };
}

const model = await load(positionals[0], { isa: values.isa, threads: Number(values.t) });
const answer = { isa: model.info.isa };
if (values.tokens) {
  const tokens = values.tokens.split(',').map(Number);
  writeNpy(values.logits, [tokens.length, model.info.vocab], await model.logits(tokens));
  answer.tokens = [];
  for await (const { token } of model.generate(tokens, { maxTokens: Number(values.n),
                                                         temperature: Number(values.temperature) }))
    if (token !== null)
      answer.tokens.push(token);
} else {
  const { [model.info.outputs[0].name]: output } =
      await model.call({ [model.info.inputs[0].name]: readNpy(values.input) });
  writeNpy(values.output, output.dims, output.data);
}
await model.dispose();
console.log(JSON.stringify(answer));
