/** Status codes of the C API (runtime/format/StatusCodes.inc), by name. */
export const Status = Object.freeze({
  OK: 0,
  INVALID_ARGUMENT: 1,
  CONTEXT_FULL: 2,
  INVALID_TEXT: 3,
  CANCELLED: 4,
  CHECK_FAILED: 10,
  DIGEST_MISMATCH: 11,
  NONFINITE: 12,
  MALFORMED: 20,
  OUT_OF_BOUNDS: 21,
  MISMATCH: 22,
  AMBIGUOUS: 23,
  MISSING: 24,
  IO: 30,
  UNSUPPORTED: 40,
  UNSUPPORTED_VERSION: 41,
  UNSUPPORTED_CPU: 42,
  RESOURCE_LIMIT: 50,
  OUT_OF_MEMORY: 51,
  QUALITY_GATE: 60,
  DRIFT: 61,
  INTERNAL: 70,
});

const names = new Map(Object.entries(Status).map(([name, value]) => [value, name]));

/** What goes wrong in Lobit: `status` is the code of the C API, `code` its name. */
export class LobitError extends Error {
  constructor(status, message, options) {
    super(message, options);
    this.name = 'LobitError';
    this.status = status;
    this.code = names.get(status) ?? 'INTERNAL';
  }
}

/** `error` as a LobitError; aborted fetches and traps of wasm code included. */
export function asLobitError(error) {
  if (error instanceof LobitError)
    return error;
  const text = error?.message ?? String(error);
  if (error?.name === 'AbortError')
    return new LobitError(Status.CANCELLED, 'stopped by the caller', { cause: error });
  if (error instanceof RangeError && /memory/i.test(text))
    return new LobitError(Status.OUT_OF_MEMORY, text, { cause: error });
  if (typeof WebAssembly === 'object' && error instanceof WebAssembly.CompileError)
    return new LobitError(Status.UNSUPPORTED_CPU,
                          `this engine cannot compile the model's code: ${text}`, { cause: error });
  return new LobitError(Status.INTERNAL, text, { cause: error });
}

/** Throws CANCELLED when `signal` is aborted. */
export function checkAborted(signal) {
  if (signal?.aborted)
    throw new LobitError(Status.CANCELLED, 'stopped by the caller', { cause: signal.reason });
}
