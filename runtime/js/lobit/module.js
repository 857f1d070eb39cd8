// The WebAssembly side: what the engine offers, the module's memory, its threads.
import { LobitError, Status } from './errors.js';
import { isNode, startWorker } from './workers.js';

const pageBytes = 65536;
const maxPages = 65536;
const maxThreads = 64;
const workerStackBytes = 256 * 1024;

/**
 * (func (export "run") (result i32)): bit 0: i16x8.relaxed_dot_i8x16_i7x16_s of -3 and 5 is
 * -30 in lane 7; bit 1: i8x16.relaxed_swizzle picks byte 9; bit 2:
 * i32x4.relaxed_dot_i8x16_i7x16_add_s of the same and 1000 is 940.
 */
const probe = (() => {
  const constant = (bytes) => [0xfd, 0x0c, ...bytes];
  const splat = (value) => constant(Array(16).fill(value & 255));
  const thousand = constant([0, 1, 2, 3].flatMap(() => [0xe8, 0x03, 0, 0]));
  const count = constant(Array.from({ length: 16 }, (_, i) => 10 * i));
  const code = [
    0x00,
    ...splat(-3), ...splat(5), 0xfd, 0x92, 0x02, 0xfd, 0x18, 7, 0x41, 0x62, 0x46,
    ...count, ...splat(9), 0xfd, 0x80, 0x02, 0xfd, 0x16, 15, 0x41, 0xda, 0x00, 0x46,
    0x41, 1, 0x74, 0x72,
    ...splat(-3), ...splat(5), ...thousand, 0xfd, 0x93, 0x02, 0xfd, 0x1b, 3, 0x41, 0xac, 0x07,
    0x46, 0x41, 2, 0x74, 0x72, 0x0b,
  ];
  const leb = (n) => n < 128 ? [n] : [n & 127 | 128, ...leb(n >> 7)];
  const section = (id, bytes) => [id, ...leb(bytes.length), ...bytes];
  return Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 0, 1, 0x7f]),
    ...section(3, [1, 0]),
    ...section(7, [1, 3, 0x72, 0x75, 0x6e, 0, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ]);
})();

/**
 * Whether relaxed SIMD is there and computes what Lobit's code relies on. Asked by computing:
 * an engine that has it behind a flag gets one of the instructions wrong.
 */
export async function hasRelaxedSimd() {
  if (!WebAssembly.validate(probe))
    return false;
  const { instance } = await WebAssembly.instantiate(probe);
  for (let i = 0; i < 1000; ++i)
    if (instance.exports.run() !== 7)
      return false;
  return true;
}

/** Whether memory can be shared with workers here. */
export function hasSharedMemory() {
  return typeof SharedArrayBuffer === 'function' && globalThis.crossOriginIsolated !== false;
}

async function availableCpus() {
  if (globalThis.navigator?.hardwareConcurrency)
    return navigator.hardwareConcurrency;
  if (!isNode)
    return 1;
  const { availableParallelism, cpus } = await import('node:os');
  return availableParallelism ? availableParallelism() : cpus().length;
}

/** The number of threads: `wanted` checked, or what this machine has. */
export async function chooseThreads(wanted) {
  if (wanted === undefined || wanted === 'auto')
    return hasSharedMemory() ? Math.min(await availableCpus(), 8) : 1;
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > maxThreads)
    throw new LobitError(Status.INVALID_ARGUMENT,
                         `threads is ${wanted}, expected 1 to ${maxThreads} or 'auto'`);
  if (wanted > 1 && !hasSharedMemory())
    throw new LobitError(Status.UNSUPPORTED,
                         `${wanted} threads need shared memory, which a page has only with the ` +
                             'headers Cross-Origin-Opener-Policy: same-origin and ' +
                             'Cross-Origin-Embedder-Policy: require-corp');
  return wanted;
}

/**
 * Finds the memory import of a module. One module serves one thread and many: `flagsAt` is
 * the place of the byte that says whether the memory is shared.
 */
function memoryImport(bytes) {
  let at = 8;
  const leb = () => {
    let value = 0, shift = 0, byte;
    do {
      byte = bytes[at++];
      value += (byte & 127) * 2 ** shift;
      shift += 7;
    } while (byte & 128);
    return value;
  };
  const skipName = () => {
    const size = leb();
    at += size;
  };
  while (at < bytes.length) {
    const id = bytes[at++], end = leb() + at;
    if (id !== 2) {
      at = end;
      continue;
    }
    for (let count = leb(); count > 0; --count) {
      skipName();
      skipName();
      const kind = bytes[at++];
      if (kind === 2) {
        const flagsAt = at++;
        return { flagsAt, initialPages: leb() };
      }
      if (kind !== 0)
        break;
      leb();
    }
    break;
  }
  throw new LobitError(Status.MALFORMED, 'the WebAssembly code imports no memory');
}

function createMemory(initial, shared) {
  try {
    return new WebAssembly.Memory({ initial, maximum: maxPages, shared });
  } catch (error) {
    throw new LobitError(Status.OUT_OF_MEMORY,
                         `the engine gives no memory of ${initial * pageBytes} bytes`,
                         { cause: error });
  }
}

export const imports = (memory) => ({
  env: { memory },
  lobit: {
    now: () => performance.now(),
    fail(text, size) {
      const bytes = new Uint8Array(memory.buffer, text >>> 0, size).slice();
      const message = new TextDecoder().decode(bytes);
      throw new LobitError(message === 'out of memory' ? Status.OUT_OF_MEMORY : Status.INTERNAL,
                           message);
    },
  },
});

/**
 * Compiles and starts the code of an artifact with room for `wantedBytes`, and returns its
 * exports, its memory and `stop`, which ends its threads. Memory that is asked for now does
 * not have to grow under waiting threads; pages nobody touches cost nothing.
 */
export async function startModule(code, threads, wantedBytes) {
  const { flagsAt, initialPages } = memoryImport(code);
  const bytes = code.slice();
  const shared = threads > 1;
  if (!shared)
    bytes[flagsAt] &= ~2;
  const pages = initialPages + Math.ceil(wantedBytes / pageBytes) + 1;
  if (pages > maxPages)
    throw new LobitError(Status.OUT_OF_MEMORY,
                         `the model and its context need ${wantedBytes} bytes, a wasm module has ` +
                             'at most 4 GiB; compile with a smaller --max-context');
  const memory = createMemory(pages, shared);
  const module = await WebAssembly.compile(bytes);
  const { exports } = await WebAssembly.instantiate(module, imports(memory));
  exports.lobit_wasm_start(threads - 1);
  const workers = [];
  const stop = () => {
    if (workers.length)
      exports.lobit_wasm_stop_workers();
    for (const worker of workers)
      worker.terminate();
    workers.length = 0;
  };
  try {
    const url = new URL('./thread.js', import.meta.url);
    for (let index = 0; index + 1 < threads; ++index)
      workers.push(await startWorker(url));
    await Promise.all(workers.map((worker, index) => {
      const stack = exports.lobit_wasm_allocate(workerStackBytes) >>> 0;
      if (stack === 0)
        throw new LobitError(Status.OUT_OF_MEMORY, 'there is no memory for the stack of a thread');
      return worker.ask({ module, memory, index, stack: stack + workerStackBytes });
    }));
  } catch (error) {
    stop();
    throw error;
  }
  return { exports, memory, stop };
}
