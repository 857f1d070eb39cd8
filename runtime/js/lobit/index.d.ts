/** Status codes of the C API, by name. */
export declare const Status: Readonly<Record<
  | 'OK' | 'INVALID_ARGUMENT' | 'CONTEXT_FULL' | 'INVALID_TEXT' | 'CANCELLED' | 'CHECK_FAILED'
  | 'DIGEST_MISMATCH' | 'NONFINITE' | 'MALFORMED' | 'OUT_OF_BOUNDS' | 'MISMATCH' | 'AMBIGUOUS'
  | 'MISSING' | 'IO' | 'UNSUPPORTED' | 'UNSUPPORTED_VERSION' | 'UNSUPPORTED_CPU'
  | 'RESOURCE_LIMIT' | 'OUT_OF_MEMORY' | 'QUALITY_GATE' | 'DRIFT' | 'INTERNAL', number>>;

/** Every failure of this package. */
export declare class LobitError extends Error {
  /** The code of the C API. */
  readonly status: number;
  /** Its name, a key of Status. */
  readonly code: keyof typeof Status;
}

export interface Progress {
  /** Bytes in memory so far, and of the file. */
  loaded: number;
  total: number;
  /** After `verifying` the file is checked without further reports. */
  stage: 'reading' | 'verifying';
}

export interface LoadOptions {
  onProgress?: (progress: Progress) => void;
  /** Aborting makes load fail with CANCELLED. */
  signal?: AbortSignal;
  /** 1 to 64. 'auto', the default, is one for each CPU up to 8 where memory can be shared, else 1. */
  threads?: number | 'auto';
  /** 'wasm-simd128' or 'wasm-relaxed'; by default the best that this engine computes rightly. */
  isa?: string;
  /** What is checked before the model is there, by default everything ('full'). Header and code always are. 'default': the weights before the first result. */
  verify?: 'default' | 'structure' | 'code' | 'full';
  /** Whether the model runs in a worker; by default only in a page. */
  worker?: boolean;
}

export interface ValueInfo {
  name: string;
  type: 'i32' | 'f32';
  /** null: any number of rows. */
  dims: (number | null)[];
}

export interface ModelInfo {
  kind: 'language-model' | 'function';
  bos: number | null;
  vocab: number;
  hidden: number;
  layers: number;
  heads: number;
  kvHeads: number;
  maxContext: number;
  rowsPerCall: number;
  scratchBytes: number;
  stateBytes: number;
  weightBytes: number;
  fileBytes: number;
  producer: string;
  family: string;
  hasTokenizer: boolean;
  rootDigest: string;
  /** The level that was checked. */
  verified: string;
  isa: string;
  threads: number;
  inputs: ValueInfo[];
  outputs: ValueInfo[];
}

export interface GenerateOptions {
  /** 128 by default. */
  maxTokens?: number;
  /** 0, the default: always the likeliest token. */
  temperature?: number;
  topK?: number;
  topP?: number;
  minP?: number;
  repetitionPenalty?: number;
  repetitionWindow?: number;
  seed?: number | bigint;
  /** Generation ends before the first of these texts. */
  stop?: string | string[];
  /** Aborting ends the iteration with CANCELLED. */
  signal?: AbortSignal;
}

export interface Piece {
  /** null: text that was held back. */
  token: number | null;
  /** Whole characters only; may be empty. */
  text: string;
}

export interface GenerateResult {
  reason: 'limit' | 'end' | 'stop' | 'context';
  tokens: number;
  promptTokens: number;
  promptSeconds: number;
  seconds: number;
}

export interface Tensor {
  data: Float32Array | Int32Array;
  dims: number[];
}

export interface Model {
  readonly info: ModelInfo;
  /** Starts anew from `prompt`, a text or token ids. */
  generate(prompt: string | Iterable<number>, options?: GenerateOptions):
    AsyncGenerator<Piece, GenerateResult, void>;
  encode(text: string, options?: { addBos?: boolean; parseSpecial?: boolean }): Promise<number[]>;
  decode(tokens: Iterable<number>): Promise<string>;
  /** [tokens, vocab]: the logits after each token. */
  logits(tokens: number[], options?: { signal?: AbortSignal }): Promise<Float32Array>;
  /** [hidden]: the final hidden state after the last token, what the head multiplies. */
  hidden(tokens: number[], options?: { signal?: AbortSignal }): Promise<Float32Array>;
  /** For models that are functions. */
  call(inputs: Record<string, Tensor>): Promise<Record<string, Tensor>>;
  /** Runs the known answers of the file; fails with CHECK_FAILED. */
  selfTest(): Promise<void>;
  /** Frees the memory and ends the workers. */
  dispose(): Promise<void>;
}

/** Loads a model from a URL, in node also a path, from bytes, a Blob, a Response or a stream. */
export declare function load(
  source: string | URL | ArrayBuffer | ArrayBufferView | Blob | Response | ReadableStream,
  options?: LoadOptions): Promise<Model>;

/** Whether relaxed SIMD is there and computes rightly. */
export declare function hasRelaxedSimd(): Promise<boolean>;
/** Whether memory can be shared with workers here. */
export declare function hasSharedMemory(): boolean;
