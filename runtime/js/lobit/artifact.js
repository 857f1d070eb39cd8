// The part of docs/format.md that must be read before any code runs: header, section table
// and code sections.
import { LobitError, Status } from './errors.js';
import { hex, sha256, sizePrefix, treeDigest } from './sha256.js';

export const headerBytes = 4096;
export const magicBytes = 8;
const sectionBytes = 96;
const magic = '894c42540d0a1a0a';
const majorVersion = 1;
const codeAbi = 1;
const sectionType = { metadata: 16, code: 80, weights: 240 };
const runtimeBytes = 4 << 20;
const maxSections = 1024;

/** The wasm targets, best first (runtime/format/Isas.inc). */
export const wasmIsas = [
  { id: 10, word: 'wasm-relaxed', relaxed: true },
  { id: 9, word: 'wasm-simd128', relaxed: false },
];

const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const malformed = (message) => new LobitError(Status.MALFORMED, message);

/** Looks at the first bytes of a file, so that one that is too short is refused for what it is. */
export function checkMagic(bytes) {
  const found = hex(bytes);
  if (found !== magic)
    throw malformed(`this is not a Lobit model: it begins with ${found}, expected ${magic}`);
}

/** Reads the 4096 bytes of a header. */
export function parseHeader(bytes) {
  const data = view(bytes);
  const major = data.getUint32(8, true);
  if (major !== majorVersion)
    throw new LobitError(Status.UNSUPPORTED_VERSION,
                         `the file has format version ${major}, this package reads ` +
                             `${majorVersion}; update the package or compile the model again`);
  const abi = data.getUint32(56, true);
  if (abi !== codeAbi)
    throw new LobitError(Status.UNSUPPORTED_VERSION,
                         `the code of the file speaks ABI ${abi}, this package ${codeAbi}; ` +
                             'compile the model again');
  const sectionCount = data.getUint32(20, true);
  if (sectionCount > maxSections)
    throw new LobitError(Status.RESOURCE_LIMIT,
                         `the header says ${sectionCount} sections, at most ${maxSections} are read`);
  return {
    bytes,
    sectionCount,
    fileBytes: Number(data.getBigUint64(24, true)),
    rootDigest: bytes.slice(64, 96),
    tableBytes: sectionCount * sectionBytes,
  };
}

/** Reads the section table, whose bytes and those of the header must match the root digest. */
export function parseSections(header, table) {
  const plain = header.bytes.slice();
  plain.fill(0, 60, 96);
  const root = sha256(sizePrefix(3, headerBytes + table.length), plain, table);
  if (hex(root) !== hex(header.rootDigest))
    throw new LobitError(Status.DIGEST_MISMATCH,
                         'the file is damaged: its header and section table do not match their ' +
                             `digest (expected ${hex(header.rootDigest)}, found ${hex(root)})`);
  const sections = [];
  for (let at = 0; at < table.length; at += sectionBytes) {
    const record = view(table.subarray(at, at + sectionBytes));
    const section = {
      type: record.getUint32(0, true),
      offset: Number(record.getBigUint64(8, true)),
      size: Number(record.getBigUint64(16, true)),
      isa: record.getUint32(40, true),
      digest: table.slice(at + 64, at + 96),
    };
    if (section.offset < headerBytes + table.length ||
        section.offset + section.size > header.fileBytes)
      throw new LobitError(Status.OUT_OF_BOUNDS,
                           `section ${at / sectionBytes} lies outside the file`);
    sections.push(section);
  }
  return sections;
}

/**
 * The memory a model will want beside the file: scratch, state and sampling of one session
 * (runtime/format/Records.inc, Metadata), and room for the runtime.
 */
export function sessionBytes(sections, head) {
  const metadata = sections.find((section) => section.type === sectionType.metadata);
  if (!metadata || metadata.offset + 96 > head.length)
    throw malformed('the file has no metadata');
  const record = view(head.subarray(metadata.offset, metadata.offset + 96));
  const u64 = (at) => Number(record.getBigUint64(at, true));
  const scratch = u64(8), state = u64(16), vocab = u64(24), context = u64(80);
  return scratch + state + 24 * vocab + 8 * context + runtimeBytes;
}

/** Where the weights begin: what lies before is small and is read first. */
export function weightsOffset(header, sections) {
  return sections.find((section) => section.type === sectionType.weights)?.offset ??
         header.fileBytes;
}

/**
 * The wasm code of an artifact: the section for the best target that this engine runs, or
 * for `isa`. Its bytes in `head`, the file before the weights, must match their digest.
 */
export function chooseCode(sections, head, hasRelaxed, isa) {
  const code = new Map(sections.filter((section) => section.type === sectionType.code)
                           .map((section) => [section.isa, section]));
  const present = wasmIsas.filter(({ id }) => code.has(id));
  if (present.length === 0)
    throw new LobitError(Status.UNSUPPORTED,
                         'the file has no WebAssembly code; compile it with ' +
                             'quant-compile --target=wasm');
  const chosen = present.find(({ word, relaxed }) => isa ? word === isa : hasRelaxed || !relaxed);
  if (!chosen)
    throw new LobitError(Status.UNSUPPORTED,
                         `the file has no code for ${isa}; it has ` +
                             present.map(({ word }) => word).join(', '));
  if (chosen.relaxed && !hasRelaxed)
    throw new LobitError(Status.UNSUPPORTED_CPU,
                         `code for ${isa} needs relaxed SIMD, which this engine does not offer`);
  const section = code.get(chosen.id);
  const bytes = head.subarray(section.offset, section.offset + section.size);
  const digest = treeDigest(bytes);
  if (hex(digest) !== hex(section.digest))
    throw new LobitError(Status.DIGEST_MISMATCH,
                         `the file is damaged: its code for ${chosen.word} does not match its ` +
                             `digest (expected ${hex(section.digest)}, found ${hex(digest)})`);
  return { isa: chosen.word, bytes };
}
