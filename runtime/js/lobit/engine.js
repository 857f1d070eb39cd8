// The C API of a module, called synchronously. One engine is one model with one session.
import { asLobitError, checkAborted, LobitError, Status } from './errors.js';
import {
  checkMagic, chooseCode, headerBytes, magicBytes, parseHeader, parseSections, sessionBytes,
  weightsOffset,
} from './artifact.js';
import { dynamicDim, kinds, layout, noToken, textFlags, types, verifyLevels } from './layout.js';
import { chooseThreads, hasRelaxedSimd, startModule } from './module.js';
import { openSource } from './source.js';

/** Bytes read between two reports of progress. */
const stepBytes = 1 << 20;

/** Memory of the module for the time of one call. */
class Arena {
  constructor(engine) {
    this.engine = engine;
    this.pointers = [];
  }
  allocate(size) {
    const pointer = this.engine.allocate(Math.max(size, 1));
    this.pointers.push(pointer);
    return pointer;
  }
  /** Zeroed, with its size in the first field when it `isVersioned`. */
  struct({ bytes }, isVersioned = true) {
    const pointer = this.allocate(bytes);
    this.engine.bytes(pointer, bytes).fill(0);
    if (isVersioned)
      this.engine.data.setUint32(pointer, bytes, true);
    return pointer;
  }
  copy(bytes) {
    const pointer = this.allocate(bytes.length);
    this.engine.bytes(pointer, bytes.length).set(bytes);
    return pointer;
  }
  text(text) {
    return this.copy(new TextEncoder().encode(`${text}\0`));
  }
  release() {
    for (const pointer of this.pointers)
      this.engine.exports.lobit_wasm_free(pointer);
  }
}

export class Engine {
  /**
   * Reads a model and makes it ready. Options: onProgress({ loaded, total, stage }), signal,
   * threads, isa, verify.
   */
  static async load(source, { onProgress, signal, threads, isa, verify = 'full' } = {}) {
    if (!(verify in verifyLevels))
      throw new LobitError(Status.INVALID_ARGUMENT,
                           `verify is ${verify}, expected ${Object.keys(verifyLevels).join(', ')}`);
    const engine = new Engine();
    let opened;
    try {
      const count = await chooseThreads(threads);
      opened = await openSource(source, signal);
      await engine.#read(opened, { onProgress, signal, threads: count, isa });
      engine.#open(verifyLevels[verify]);
      return engine;
    } catch (error) {
      engine.dispose();
      throw asLobitError(error);
    } finally {
      await opened?.close();
    }
  }

  async #read(source, { onProgress, signal, threads, isa }) {
    const header = new Uint8Array(headerBytes);
    await source.fill(header.subarray(0, magicBytes));
    checkMagic(header.subarray(0, magicBytes));
    await source.fill(header.subarray(magicBytes));
    const parsed = parseHeader(header);
    const table = new Uint8Array(parsed.tableBytes);
    await source.fill(table);
    const sections = parseSections(parsed, table);
    const total = parsed.fileBytes;
    const report = (loaded, stage) => {
      checkAborted(signal);
      onProgress?.({ loaded, total, stage });
    };
    // Everything before the weights is small and holds the code that makes the memory.
    const head = new Uint8Array(weightsOffset(parsed, sections));
    head.set(header, 0);
    head.set(table, headerBytes);
    await source.fill(head.subarray(headerBytes + table.length));
    report(head.length, 'reading');
    const code = chooseCode(sections, head, await hasRelaxedSimd(), isa);
    this.isa = code.isa;
    this.threads = threads;
    const wanted = total + sessionBytes(sections, head);
    Object.assign(this, await startModule(code.bytes, threads, wanted));
    this.size = total;
    this.file = this.allocate(total);
    this.bytes(this.file, head.length).set(head);
    for (let at = head.length; at < total;) {
      const size = Math.min(stepBytes, total - at);
      await source.fill(this.bytes(this.file + at, size));
      at += size;
      report(at, 'reading');
    }
    report(total, 'verifying');
  }

  #open(verify) {
    this.withArena((arena) => {
      const options = arena.struct(layout.loadOptions);
      this.data.setInt32(options + layout.loadOptions.verify, verify, true);
      // The ISA's word is kept by the model.
      this.isaText = this.#keep(new TextEncoder().encode(`${this.isa}\0`));
      this.model = this.#create(arena, (out, error) => this.exports.lobit_wasm_open(
          this.file, this.size, this.isaText, options, out, error));
      this.code = this.#create(
          arena, (out, error) => this.exports.lobit_code_bind(this.model, 0, out, error));
      const session = arena.struct(layout.sessionOptions);
      this.data.setUint32(session + layout.sessionOptions.threads, this.threads, true);
      this.session = this.#create(arena, (out, error) => this.exports.lobit_session_create(
          this.code, session, out, error));
    });
    this.info = this.#readInfo();
  }

  #keep(bytes) {
    const pointer = this.allocate(bytes.length);
    this.bytes(pointer, bytes.length).set(bytes);
    return pointer;
  }

  dispose() {
    if (!this.exports)
      return;
    try {
      this.exports.lobit_session_release(this.session ?? 0);
      this.exports.lobit_code_release(this.code ?? 0);
      this.exports.lobit_model_release(this.model ?? 0);
    } finally {
      // The memory goes with the last reference to the module.
      this.stop();
      this.exports = this.memory = null;
    }
  }

  //===--- memory ---------------------------------------------------------------===//

  get data() {
    return new DataView(this.memory.buffer);
  }
  bytes(pointer, size) {
    return new Uint8Array(this.memory.buffer, pointer, size);
  }
  allocate(size) {
    const pointer = this.exports.lobit_wasm_allocate(size) >>> 0;
    if (pointer === 0)
      throw new LobitError(Status.OUT_OF_MEMORY,
                           `${size} bytes do not fit into the module's memory; it has at most 4 GiB`);
    return pointer;
  }
  withArena(body) {
    if (!this.exports)
      throw new LobitError(Status.INVALID_ARGUMENT, 'the model was disposed');
    const arena = new Arena(this);
    try {
      return body(arena);
    } finally {
      arena.release();
    }
  }
  /** Text is copied out: TextDecoder takes no shared memory. */
  decodeText(pointer, size) {
    return new TextDecoder().decode(this.bytes(pointer, size).slice());
  }
  cString(pointer) {
    const memory = new Uint8Array(this.memory.buffer);
    let end = pointer;
    while (memory[end] !== 0)
      ++end;
    return this.decodeText(pointer, end - pointer);
  }

  /** Calls `f(error)` and throws what it reports. */
  check(arena, f) {
    const error = arena.struct(layout.error);
    const status = f(error);
    if (status !== Status.OK)
      throw new LobitError(status, this.cString(error + layout.error.message));
  }
  #create(arena, f) {
    const out = arena.allocate(4);
    this.check(arena, (error) => f(out, error));
    return this.data.getUint32(out, true);
  }

  //===--- facts ----------------------------------------------------------------===//

  #readInfo() {
    const at = layout.modelInfo;
    return this.withArena((arena) => {
      const info = arena.struct(at);
      this.exports.lobit_model_get_info(this.model, info);
      const data = this.data;
      const u32 = (offset) => data.getUint32(info + offset, true);
      const u64 = (offset) => Number(data.getBigUint64(info + offset, true));
      const bos = u32(at.bos);
      const root = this.bytes(info + at.rootDigest, 32);
      const isFunction = u32(at.kind) === kinds.function;
      return {
        kind: isFunction ? 'function' : 'language-model',
        bos: bos === noToken ? null : bos,
        vocab: u64(at.vocab),
        hidden: u64(at.hidden),
        layers: u64(at.layers),
        heads: u64(at.heads),
        kvHeads: u64(at.kvHeads),
        maxContext: u64(at.maxContext),
        rowsPerCall: u64(at.rowsPerCall),
        scratchBytes: u64(at.scratchBytes),
        stateBytes: u64(at.stateBytes),
        weightBytes: u64(at.weightBytes),
        fileBytes: u64(at.fileBytes),
        producer: this.cString(u32(at.producer)),
        family: this.cString(u32(at.family)),
        hasTokenizer: u32(at.hasTokenizer) !== 0,
        rootDigest: Array.from(root, (b) => b.toString(16).padStart(2, '0')).join(''),
        verified: Object.keys(verifyLevels)[u32(at.verified)],
        isa: this.isa,
        threads: this.threads,
        inputs: this.#readValues('lobit_model_get_input', u32(at.inputCount)),
        outputs: this.#readValues('lobit_model_get_output', u32(at.outputCount)),
      };
    });
  }

  #readValues(getter, count) {
    const at = layout.valueInfo;
    return Array.from({ length: count }, (_, i) => this.withArena((arena) => {
      const value = arena.struct(at);
      this.exports[getter](this.model, i, value);
      const data = this.data;
      const rank = data.getUint32(value + at.rank, true);
      return {
        name: this.cString(data.getUint32(value + at.name, true)),
        type: data.getInt32(value + at.type, true) === types.i32 ? 'i32' : 'f32',
        dims: Array.from({ length: rank }, (_, d) => {
          const dim = data.getBigUint64(value + at.dims + 8 * d, true);
          return dim === dynamicDim ? null : Number(dim);
        }),
      };
    }));
  }

  //===--- text -----------------------------------------------------------------===//

  encode(text, { addBos, parseSpecial = true } = {}) {
    const flags = (addBos === undefined ? textFlags.autoBos : addBos ? textFlags.addBos : 0) |
                  (parseSpecial ? textFlags.parseSpecial : 0);
    const bytes = new TextEncoder().encode(text);
    return this.withArena((arena) => {
      const input = arena.copy(bytes), count = arena.allocate(4);
      // A token has at least a byte, but for the beginning-of-sequence token.
      const capacity = bytes.length + 1, tokens = arena.allocate(4 * capacity);
      this.check(arena, (error) => this.exports.lobit_model_tokenize(
          this.model, input, bytes.length, flags, tokens, capacity, count, error));
      return Array.from(this.#u32s(tokens, this.data.getUint32(count, true)));
    });
  }
  /** The bytes of a token, which may be a part of a character. */
  tokenBytes(token) {
    return this.withArena((arena) => {
      const out = arena.allocate(8);
      const status = this.exports.lobit_model_token_bytes(this.model, token, out, out + 4);
      if (status !== Status.OK)
        throw new LobitError(status, 'the model has no tokenizer');
      const data = this.data;
      return this.bytes(data.getUint32(out, true), data.getUint32(out + 4, true)).slice();
    });
  }
  isEnd(token) {
    return this.exports.lobit_model_is_end(this.model, token) !== 0;
  }

  //===--- session ----------------------------------------------------------------===//

  #u32s(pointer, count) {
    return new Uint32Array(this.memory.buffer, pointer, count).slice();
  }
  position() {
    return Number(this.exports.lobit_session_position(this.session));
  }
  rewind(position) {
    this.withArena((arena) => this.check(arena, (error) => this.exports.lobit_session_rewind(
        this.session, BigInt(position), error)));
  }
  /** Evaluates tokens; with `wantLogits` returns those of all of them, [tokens, vocab]. */
  eval(tokens, wantLogits = false) {
    return this.withArena((arena) => {
      const ids = Uint32Array.from(tokens);
      const input = arena.copy(new Uint8Array(ids.buffer));
      const count = ids.length * this.info.vocab;
      const output = wantLogits ? arena.allocate(4 * count) : 0;
      this.check(arena, (error) => this.exports.lobit_session_eval(
          this.session, input, ids.length, output, error));
      return wantLogits ? new Float32Array(this.memory.buffer, output, count).slice() : undefined;
    });
  }
  /** What the head multiplied after the last token, [hidden]. */
  hidden() {
    const at = this.exports.lobit_session_hidden?.(this.session);
    if (!at)
      throw new LobitError(Status.UNSUPPORTED, 'the code does not tell where its hidden state ' +
                           'is, because an older compiler made it; compile the model again');
    return new Float32Array(this.memory.buffer, at, this.info.hidden).slice();
  }
  setSampling({ temperature = 0, topK = 0, topP = 0, minP = 0, repetitionPenalty = 0,
                repetitionWindow = 0, seed = 0 } = {}) {
    const at = layout.sampling;
    this.withArena((arena) => {
      const sampling = arena.struct(at), data = this.data;
      data.setFloat32(sampling + at.temperature, temperature, true);
      data.setUint32(sampling + at.topK, topK, true);
      data.setFloat32(sampling + at.topP, topP, true);
      data.setFloat32(sampling + at.minP, minP, true);
      data.setFloat32(sampling + at.repetitionPenalty, repetitionPenalty, true);
      data.setUint32(sampling + at.repetitionWindow, repetitionWindow, true);
      data.setBigUint64(sampling + at.seed, BigInt(seed), true);
      this.check(arena, (error) => this.exports.lobit_session_set_sampling(
          this.session, sampling, error));
    });
  }
  sample() {
    return this.withArena((arena) => {
      const token = arena.allocate(4);
      this.check(arena, (error) => this.exports.lobit_session_sample(this.session, token, error));
      return this.data.getUint32(token, true);
    });
  }
  /** Runs the known answers of the artifact; throws CHECK_FAILED. */
  selfTest() {
    this.withArena((arena) => this.check(arena, (error) => this.exports.lobit_self_test(
        this.model, 0, 1, 0, 0, error)));
  }

  /** Calls a function: { name: { data, dims } } in, the same out. */
  call(inputs) {
    if (this.info.kind !== 'function')
      throw new LobitError(Status.INVALID_ARGUMENT,
                           'the artifact is a language model, it takes tokens and no tensors');
    return this.withArena((arena) => {
      const rows = this.#rowsOf(inputs);
      const ins = Object.entries(inputs).map(([name, { data, dims }]) => ({
        name, dims, type: data instanceof Int32Array ? types.i32 : types.f32,
        bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      }));
      const outs = this.info.outputs.map(({ name, type, dims }) => {
        const shape = dims.map((dim) => dim ?? rows);
        return { name, dims: shape, type: types[type],
                 bytes: new Uint8Array(4 * shape.reduce((a, b) => a * b, 1)) };
      });
      const inTable = this.#tensors(arena, ins), outTable = this.#tensors(arena, outs);
      this.check(arena, (error) => this.exports.lobit_function_call(
          this.session, inTable, ins.length, outTable, outs.length, error));
      return Object.fromEntries(outs.map((out) => {
        const bytes = this.bytes(out.pointer, out.bytes.length).slice();
        const Elements = out.type === types.i32 ? Int32Array : Float32Array;
        return [out.name, { data: new Elements(bytes.buffer), dims: out.dims }];
      }));
    });
  }
  #rowsOf(inputs) {
    for (const { name, dims } of this.info.inputs)
      if (dims[0] === null)
        return inputs[name]?.dims?.[0] ?? 1;
    return 1;
  }
  #tensors(arena, tensors) {
    const at = layout.tensor;
    const table = arena.allocate(at.bytes * tensors.length);
    tensors.forEach((tensor, i) => {
      tensor.pointer = arena.copy(tensor.bytes);
      const name = arena.text(tensor.name), start = table + i * at.bytes;
      this.bytes(start, at.bytes).fill(0);
      const data = this.data;
      data.setUint32(start + at.name, name, true);
      data.setInt32(start + at.type, tensor.type, true);
      data.setUint32(start + at.rank, tensor.dims.length, true);
      tensor.dims.forEach((dim, d) => data.setBigUint64(start + at.dims + 8 * d, BigInt(dim), true));
      data.setUint32(start + at.data, tensor.pointer, true);
      data.setUint32(start + at.dataBytes, tensor.bytes.length, true);
    });
    return table;
  }
}
