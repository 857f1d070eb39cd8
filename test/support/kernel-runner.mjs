// Runs the calls that KernelCall.cpp serialized on a linked wasm module and compares what
// they write: kernel-runner.mjs MODULE CALLS
import { readFileSync } from 'node:fs';
import { imports } from '../../runtime/js/lobit/module.js';

const [modulePath, callsPath] = process.argv.slice(2);
const codeAbi = 1;
const canary = 64;

const memory = new WebAssembly.Memory({ initial: 256, maximum: 65536, shared: true });
const { instance } = await WebAssembly.instantiate(readFileSync(modulePath), imports(memory));
const { exports } = instance;
exports.lobit_wasm_start(0);
if (exports.lobit_code_query(codeAbi + 1) !== 0)
  throw new Error('the code speaks an unknown ABI');
const table = exports.lobit_code_query(codeAbi) >>> 0;

const data = () => new DataView(memory.buffer);
const bytesAt = (pointer, size) => new Uint8Array(memory.buffer, pointer, size);
const functionCount = data().getUint32(table + 4, true);
const functions = data().getUint32(table + 8, true);

const file = readFileSync(callsPath);
let at = 0;
const number = () => {
  at += 8;
  return Number(file.readBigUInt64LE(at - 8));
};
const blob = () => {
  const size = number();
  at += size;
  return file.subarray(at - size, at);
};
const list = (count) => Array.from({ length: count }, blob);

/** Memory with a border on both sides that nobody may write. */
function buffer(size, fill) {
  const base = exports.lobit_wasm_allocate(size + 2 * canary) >>> 0;
  if (base === 0)
    throw new Error('out of memory');
  bytesAt(base, size + 2 * canary).fill(0x5c);
  if (typeof fill === 'number')
    bytesAt(base + canary, size).fill(fill);
  else
    bytesAt(base + canary, size).set(fill);
  return { base, pointer: base + canary, size };
}
function isIntact({ base, size }) {
  return bytesAt(base, canary).every((b) => b === 0x5c) &&
         bytesAt(base + canary + size, canary).every((b) => b === 0x5c);
}
const pointers = (buffers) => {
  const words = new Uint32Array(Math.max(1, buffers.length));
  buffers.forEach(({ pointer }, i) => words[i] = pointer);
  return buffer(words.byteLength, new Uint8Array(words.buffer));
};

// LobitFrame of runtime/format/CodeAbi.h with 4-byte pointers.
const frameBytes = 88;
const field = { thread: 0, threads: 8, inputs: 28, outputs: 32, rows: 40, first: 56, nonfinite: 80 };

/** Empty, or what is wrong. */
function run(call) {
  if (call.function >= functionCount)
    return `the code has no function ${call.function}`;
  const inputs = call.inputs.map((bytes) => buffer(bytes.length, bytes));
  const outputs = call.outputs.map((bytes) => buffer(bytes.length, 0xa5));
  const inputTable = pointers(inputs), outputTable = pointers(outputs);
  const nonfinite = buffer(4, 0), frame = buffer(frameBytes, 0);
  const all = [...inputs, ...outputs, inputTable, outputTable, nonfinite, frame];
  const f = exports.__indirect_function_table.get(
      data().getUint32(functions + 4 * call.function, true));
  for (let thread = 0; thread < call.threads; ++thread) {
    const view = data(), start = frame.pointer;
    view.setBigUint64(start + field.thread, BigInt(thread), true);
    view.setBigUint64(start + field.threads, BigInt(call.threads), true);
    view.setUint32(start + field.inputs, inputTable.pointer, true);
    view.setUint32(start + field.outputs, outputTable.pointer, true);
    view.setBigUint64(start + field.rows, BigInt(call.rows), true);
    view.setBigUint64(start + field.first, BigInt(call.first), true);
    view.setUint32(start + field.nonfinite, nonfinite.pointer, true);
    f(start);
  }
  let problem = '';
  const flag = data().getUint32(nonfinite.pointer, true);
  if (flag !== call.nonfinite)
    problem = `nonfinite is ${flag}`;
  else if (!all.every(isIntact))
    problem = 'a byte beside a buffer was written';
  else if (!flag)
    outputs.forEach(({ pointer, size }, i) => {
      const different = bytesAt(pointer, size).findIndex((b, k) => b !== call.outputs[i][k]);
      if (!problem && different >= 0)
        problem = `output ${i} differs at byte ${different} of ${size}`;
    });
  for (const { base } of all)
    exports.lobit_wasm_free(base);
  return problem;
}

let failures = 0;
for (let count = number(); count > 0; --count) {
  const call = { name: blob().toString() };
  for (const key of ['function', 'rows', 'first', 'threads', 'nonfinite'])
    call[key] = number();
  const inputCount = number(), outputCount = number();
  call.inputs = list(inputCount);
  call.outputs = list(outputCount);
  const problem = run(call);
  if (problem) {
    ++failures;
    console.log(`${call.name}: ${problem}`);
  }
}
process.exit(failures ? 1 : 0);
