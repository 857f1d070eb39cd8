// What a user of the package holds: an engine in this thread, called asynchronously, with
// pauses in which the event loop runs.
import { asLobitError, checkAborted, LobitError, Status } from './errors.js';
import { Engine } from './engine.js';

/** Tokens of a prompt between two looks at the caller's signal. */
const promptStep = 64;

/** Lets the event loop run once: timers of zero are held back by browsers, messages are not. */
const pause = typeof setImmediate === 'function'
    ? () => new Promise((resolve) => setImmediate(resolve))
    : (() => {
        const { port1, port2 } = new MessageChannel();
        const waiting = [];
        port1.onmessage = () => waiting.shift()();
        return () => new Promise((resolve) => {
          waiting.push(resolve);
          port2.postMessage(null);
        });
      })();

/** Text up to the first stop string; holds back what may become one. */
class StopText {
  constructor(stop) {
    this.stops = (stop === undefined ? [] : [stop].flat()).filter((text) => text !== '');
    this.held = '';
  }
  /** The text that may be shown, and whether a stop string was met. */
  push(text) {
    this.held += text;
    const found = Math.min(...this.stops.map((stop) => this.held.indexOf(stop))
                               .filter((at) => at >= 0));
    if (found !== Infinity)
      return { text: this.take(found), stopped: true };
    let keep = 0;
    for (const stop of this.stops)
      for (let size = Math.min(stop.length - 1, this.held.length); size > keep; --size)
        if (this.held.endsWith(stop.slice(0, size)))
          keep = size;
    return { text: this.take(this.held.length - keep), stopped: false };
  }
  take(size = this.held.length) {
    const text = this.held.slice(0, size);
    this.held = this.held.slice(size);
    return text;
  }
}

export class Model {
  #engine;
  #busy = null;

  static async load(source, options) {
    const model = new Model();
    model.#engine = await Engine.load(source, options);
    model.info = model.#engine.info;
    return model;
  }

  /** One call at a time: the model has one context. */
  async #alone(body) {
    while (this.#busy)
      await this.#busy;
    let done;
    this.#busy = new Promise((resolve) => done = resolve);
    try {
      return await body(this.#engine);
    } catch (error) {
      throw asLobitError(error);
    } finally {
      this.#busy = null;
      done();
    }
  }

  encode(text, options) {
    return this.#alone((engine) => engine.encode(text, options));
  }
  decode(tokens) {
    return this.#alone((engine) => {
      const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
      let text = '';
      for (const token of tokens)
        text += decoder.decode(engine.tokenBytes(token), { stream: true });
      return text + decoder.decode();
    });
  }

  /** The logits after each of the tokens, [tokens, vocab]. */
  logits(tokens, { signal } = {}) {
    return this.#alone(async (engine) => {
      const all = new Float32Array(tokens.length * engine.info.vocab);
      engine.rewind(0);
      for (let at = 0; at < tokens.length; at += promptStep) {
        checkAborted(signal);
        all.set(engine.eval(tokens.slice(at, at + promptStep), true), at * engine.info.vocab);
        await pause();
      }
      return all;
    });
  }

  /** The final hidden state after the last token, what the head multiplies, [hidden]. */
  hidden(tokens, { signal } = {}) {
    return this.#alone(async (engine) => {
      engine.rewind(0);
      let at = 0;
      do {
        checkAborted(signal);
        engine.eval(tokens.slice(at, at + promptStep));
        at += promptStep;
        await pause();
      } while (at < tokens.length);
      return engine.hidden();
    });
  }

  /** Calls a model that is a function. */
  call(inputs) {
    return this.#alone((engine) => engine.call(inputs));
  }
  selfTest() {
    return this.#alone((engine) => engine.selfTest());
  }

  /**
   * Yields { token, text } as they come; returns { reason, tokens, promptTokens,
   * promptSeconds, seconds }.
   */
  async *generate(prompt, options = {}) {
    const { maxTokens = 128, signal, stop, ...sampling } = options;
    while (this.#busy)
      await this.#busy;
    let done;
    this.#busy = new Promise((resolve) => done = resolve);
    try {
      const engine = this.#engine;
      const tokens = typeof prompt === 'string' ? engine.encode(prompt) : Array.from(prompt);
      if (tokens.length === 0)
        throw new LobitError(Status.INVALID_ARGUMENT, 'the prompt is empty');
      if (tokens.length > engine.info.maxContext)
        throw new LobitError(Status.CONTEXT_FULL,
                             `the prompt has ${tokens.length} tokens, the context ` +
                                 `${engine.info.maxContext}`);
      engine.rewind(0);
      engine.setSampling(sampling);
      const result = { reason: 'limit', tokens: 0, promptTokens: tokens.length,
                       promptSeconds: 0, seconds: 0 };
      let before = performance.now();
      for (let at = 0; at < tokens.length; at += promptStep) {
        checkAborted(signal);
        engine.eval(tokens.slice(at, at + promptStep));
        await pause();
      }
      result.promptSeconds = (performance.now() - before) / 1000;
      const decoder = new TextDecoder('utf-8', { ignoreBOM: true }), output = new StopText(stop);
      while (result.tokens < maxTokens) {
        checkAborted(signal);
        before = performance.now();
        const token = engine.sample();
        if (engine.isEnd(token)) {
          result.reason = 'end';
          break;
        }
        const bytes = engine.info.hasTokenizer ? engine.tokenBytes(token) : new Uint8Array(0);
        const { text, stopped } = output.push(decoder.decode(bytes, { stream: true }));
        ++result.tokens;
        result.seconds += (performance.now() - before) / 1000;
        yield { token, text };
        if (stopped) {
          output.take();
          result.reason = 'stop';
          break;
        }
        if (engine.position() === engine.info.maxContext) {
          result.reason = 'context';
          break;
        }
        if (result.tokens < maxTokens) {
          before = performance.now();
          engine.eval([token]);
          result.seconds += (performance.now() - before) / 1000;
        }
        await pause();
      }
      const rest = output.take() + (result.reason === 'stop' ? '' : decoder.decode());
      if (rest !== '')
        yield { token: null, text: rest };
      return result;
    } catch (error) {
      throw asLobitError(error);
    } finally {
      this.#busy = null;
      done();
    }
  }

  /** Frees the memory and ends the threads. */
  async dispose() {
    await this.#alone((engine) => engine.dispose());
  }
}
