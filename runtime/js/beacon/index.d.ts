/** Why bytes are no beacon. */
export class BeaconError extends Error {
  code: "malformed" | "critical" | "limit";
}

export interface Beacon {
  context: string;
  dim: number;
  deltaQ16: number;
  flags: number;
  quantized: Int16Array;
  mu: Float64Array;
  calib: null | {
    mu: Float64Array;
    sigmaKind: "none" | "isotropic" | "diagonal" | "packed" | "full";
    sigma: Float64Array;
    weight: number;
    ddof: number;
    t0: number;
    t1: number;
  };
  lowRank: null | { eigenvalues: Float64Array; eigenvectors: Float64Array; residual: Float64Array };
  results: null | Record<string, unknown>;
  artifact: null | { rootDigest: string; tensor: string };
  origin: null | {
    keyId: string;
    sequence: bigint;
    issued: bigint;
    expires: bigint;
    context: string;
    previous: string;
  };
  routingKey: string;
  digest: string;
}

export interface Ids {
  space: string;
  model: string;
  pi: string;
}

export interface VerifyOptions {
  key?: Uint8Array;
  requireAuth?: boolean;
  ids?: Ids;
  keyId?: string;
  /** UNIX seconds. */
  now?: number | bigint;
  lastSequence?: number | bigint;
  previous?: string;
}

export type Answer = "yes" | "no" | "not checked";
export interface Verdict {
  intact: Answer;
  authentic: Answer;
  acceptable: Answer;
  ok: boolean;
  drift: boolean;
  reason: string;
  beacon: Beacon | null;
}

export function readBeacon(bytes: Uint8Array): Beacon;
export function verifyBeacon(bytes: Uint8Array, options?: VerifyOptions): Verdict;
export function contextJson(ids: Ids, dim: number): string;
