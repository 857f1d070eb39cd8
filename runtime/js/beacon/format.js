/** Numbers of the BIT beacon format, version 1 (docs/format-bit.md). */
export const MAGIC = [0x42, 0x49, 0x54, 0x01];
export const RECORD = {
  CONFIG: 0x01,
  FLAGS: 0x02,
  CALIB: 0x10,
  RESULTS: 0x11,
  HMAC: 0x20,
  ARTIFACT: 0x30,
  ORIGIN: 0x31,
  LOWRANK: 0x32,
  END: 0xff,
};
export const FIRST_CRITICAL = 0x80;
export const FLAG = {
  CALIB: 1,
  RESULTS: 2,
  HMAC: 4,
  SATURATED: 8,
  TIMES: 16,
  DRIFT: 32,
  REDUCED: 64,
};
export const KNOWN_FLAGS = 127;
export const MAX_FILE_BYTES = 64 * 1024 * 1024;
export const MAX_DIM = 1 << 24;
export const MAX_RESULTS_BYTES = 16384;
export const MAX_RESULTS_DEPTH = 4;
export const METRICS = ["norm_dmu", "cos_mu", "tr_Sigma", "SDS"];
