// Where the fields of the C API's structs lie in wasm32. runtime/platform/wasm/Module.cpp
// asserts every number.
export const layout = {
  error: { bytes: 1032, status: 4, message: 8 },
  loadOptions: { bytes: 16, verify: 8 },
  sessionOptions: { bytes: 8, threads: 4 },
  modelInfo: {
    bytes: 184, kind: 4, bos: 8, vocab: 16, hidden: 24, layers: 32, heads: 40, kvHeads: 48,
    headDim: 56, intermediate: 64, maxContext: 72, rowsPerCall: 80, scratchBytes: 88,
    stateBytes: 96, weightBytes: 104, fileBytes: 112, producer: 120, family: 124,
    hasTokenizer: 128, inputCount: 136, outputCount: 140, rootDigest: 144, verified: 176,
  },
  valueInfo: { bytes: 80, name: 4, type: 8, rank: 12, dims: 16 },
  sampling: {
    bytes: 40, temperature: 4, topK: 8, topP: 12, minP: 16, repetitionPenalty: 20,
    repetitionWindow: 24, seed: 32,
  },
  tensor: { bytes: 88, name: 0, type: 4, rank: 8, dims: 16, data: 80, dataBytes: 84 },
};

export const noToken = 0xffffffff;
export const verifyLevels = { default: 0, structure: 1, code: 2, full: 3 };
export const kinds = { languageModel: 1, function: 2 };
export const textFlags = { addBos: 1, autoBos: 2, parseSpecial: 4 };
export const types = { i32: 1, f32: 2 };
export const dynamicDim = 2n ** 64n - 1n;
