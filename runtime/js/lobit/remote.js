// A model in a worker, with the face of Model.
import { checkAborted, LobitError, Status } from './errors.js';
import { reviveError, startWorker } from './workers.js';

export class RemoteModel {
  #worker;
  #calls = new Map();
  #next = 0;

  static async load(source, { onProgress, signal, ...options } = {}) {
    checkAborted(signal);
    const model = new RemoteModel();
    model.#worker = await startWorker(new URL('./worker.js', import.meta.url));
    model.#worker.onMessage((message) => model.#receive(message));
    model.#worker.onError((error) => model.#fail(error));
    // The worker resolves addresses from its own place.
    const place = source instanceof URL ? source.href
        : typeof source === 'string' && globalThis.location
            ? new URL(source, globalThis.location.href).href : source;
    try {
      const { info } = await model.#call('load', [place, options], { onProgress, signal });
      model.info = info;
      return model;
    } catch (error) {
      model.#worker.terminate();
      throw error;
    }
  }

  #receive({ id, progress, piece, result, error }) {
    const call = this.#calls.get(id);
    if (!call)
      return;
    if (progress) {
      call.onProgress?.(progress);
    } else if (piece) {
      call.onPiece(piece);
    } else {
      this.#calls.delete(id);
      if (this.#calls.size === 0)
        this.#worker.keepAlive(false);
      call.cleanUp();
      if (error)
        call.reject(reviveError(error));
      else
        call.resolve(result);
    }
  }

  #fail(error) {
    const reason = new LobitError(Status.INTERNAL,
                                  `the worker ended: ${error?.message ?? 'unknown reason'}`);
    for (const call of this.#calls.values())
      call.reject(reason);
    this.#calls.clear();
  }

  #call(method, args, { onProgress, onPiece, signal } = {}) {
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      const cancel = () => this.#worker?.post({ id, cancel: true });
      signal?.addEventListener('abort', cancel, { once: true });
      const cleanUp = () => signal?.removeEventListener('abort', cancel);
      if (!this.#worker) {
        reject(new LobitError(Status.INVALID_ARGUMENT, 'the model was disposed'));
        return;
      }
      this.#calls.set(id, { resolve, reject, onProgress, onPiece, cleanUp });
      this.#worker.keepAlive(true);
      this.#worker.post({ id, method, args });
      if (signal?.aborted)
        cancel();
    });
  }

  encode(text, options) {
    return this.#call('encode', [text, options]);
  }
  decode(tokens) {
    return this.#call('decode', [Array.from(tokens)]);
  }
  logits(tokens, { signal } = {}) {
    return this.#call('logits', [Array.from(tokens)], { signal });
  }
  hidden(tokens, { signal } = {}) {
    return this.#call('hidden', [Array.from(tokens)], { signal });
  }
  call(inputs) {
    return this.#call('call', [inputs]);
  }
  selfTest() {
    return this.#call('selfTest', []);
  }

  async *generate(prompt, { signal, ...options } = {}) {
    checkAborted(signal);
    const stop = new AbortController();
    const forward = () => stop.abort();
    signal?.addEventListener('abort', forward, { once: true });
    const pieces = [];
    let wake = () => {}, result, failure, finished = false;
    const end = () => {
      finished = true;
      wake();
    };
    this.#call('generate', [typeof prompt === 'string' ? prompt : Array.from(prompt), options], {
      signal: stop.signal,
      onPiece: (piece) => {
        pieces.push(piece);
        wake();
      },
    }).then((value) => { result = value; end(); }, (error) => { failure = error; end(); });
    try {
      for (;;) {
        while (pieces.length)
          yield pieces.shift();
        if (finished)
          break;
        await new Promise((resolve) => wake = resolve);
      }
      if (failure)
        throw failure;
      return result;
    } finally {
      // A consumer that leaves early stops the worker too.
      if (!finished)
        stop.abort();
      signal?.removeEventListener('abort', forward);
    }
  }

  async dispose() {
    if (!this.#worker)
      return;
    await this.#call('dispose', []);
    this.#worker.terminate();
    this.#worker = null;
  }
}
