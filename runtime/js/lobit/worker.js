// The worker entry: a model on this side of a message port (remote.js is on the other).
import { asLobitError } from './errors.js';
import { Model } from './model.js';
import { insideWorker, plainError } from './workers.js';

let model;
const running = new Map();

async function run(id, method, args, signal) {
  if (method === 'load') {
    const [source, options] = args;
    model = await Model.load(source, {
      ...options, signal, onProgress: (progress) => post({ id, progress }),
    });
    return { info: model.info };
  }
  if (method === 'generate') {
    const pieces = model.generate(args[0], { ...args[1], signal });
    for (;;) {
      const { value, done } = await pieces.next();
      if (done)
        return value;
      post({ id, piece: value });
    }
  }
  return model[method](...args, { signal });
}

const post = await insideWorker(async ({ id, method, args, cancel }) => {
  if (cancel) {
    running.get(id)?.abort();
    return;
  }
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const result = await run(id, method, args, controller.signal);
    post({ id, result }, result instanceof Float32Array ? [result.buffer] : []);
  } catch (error) {
    post({ id, error: plainError(asLobitError(error)) });
  } finally {
    running.delete(id);
  }
});
