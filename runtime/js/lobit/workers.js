// Workers of browsers and of node with one face.
import { asLobitError, LobitError, Status } from './errors.js';

export const isNode = typeof process === 'object' && Boolean(process.versions?.node);

/** Starts the module worker `url`. */
export async function startWorker(url) {
  let worker, listen;
  if (isNode) {
    const { Worker } = await import('node:worker_threads');
    worker = new Worker(url);
    worker.unref();
    listen = (name, f) => worker.on(name, name === 'message' ? f : (error) => f(error));
  } else {
    worker = new Worker(url, { type: 'module' });
    listen = (name, f) => worker.addEventListener(name, name === 'message' ? (e) => f(e.data) : f);
  }
  let waiting = null;
  const startFailed = (error) => waiting?.reject(new LobitError(
      Status.INTERNAL, `a worker ended: ${error?.message ?? 'its script cannot be loaded'}`));
  listen('error', startFailed);
  return {
    onMessage: (f) => listen('message', f),
    onError: (f) => listen('error', f),
    post: (message, transfer) => worker.postMessage(message, transfer),
    /** Posts and resolves with the first answer. */
    ask(message) {
      return new Promise((resolve, reject) => {
        waiting = { reject };
        listen('message', (answer) => answer.error ? reject(reviveError(answer.error))
                                                   : resolve(answer));
        worker.postMessage(message);
      });
    },
    keepAlive: (on) => isNode && (on ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
  };
}

/** Inside a worker: its messages and the way back. */
export async function insideWorker(onMessage) {
  if (isNode) {
    const { parentPort } = await import('node:worker_threads');
    parentPort.on('message', onMessage);
    return (message, transfer) => parentPort.postMessage(message, transfer);
  }
  self.addEventListener('message', (event) => onMessage(event.data));
  return (message, transfer) => self.postMessage(message, transfer);
}

/** What can be posted of an error, and back. */
export function plainError(error) {
  const { status, message } = asLobitError(error);
  return { status, message };
}
export function reviveError({ status, message }) {
  return new LobitError(status, message);
}
