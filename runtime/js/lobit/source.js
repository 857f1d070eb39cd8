// Where the bytes of a model come from. Every source fills given memory in order, so that
// weights go straight into the memory of the wasm module.
import { asLobitError, checkAborted, LobitError, Status } from './errors.js';
import { isNode } from './workers.js';

const endedEarly = (at) => new LobitError(
    Status.OUT_OF_BOUNDS, `the file is cut short: it ends at byte ${at}`);

/** Bytes that are there already. */
class BytesSource {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  async fill(out) {
    if (this.at + out.length > this.bytes.length)
      throw endedEarly(this.bytes.length);
    out.set(this.bytes.subarray(this.at, this.at + out.length));
    this.at += out.length;
  }
  async close() {}
}

/** A stream of chunks, of which one at most is held. */
class StreamSource {
  constructor(stream) {
    this.reader = stream.getReader();
    this.chunk = new Uint8Array(0);
    this.at = 0;
  }
  async fill(out) {
    for (let done = 0; done < out.length;) {
      if (this.chunk.length === 0) {
        const { value, done: end } = await this.reader.read();
        if (end)
          throw endedEarly(this.at);
        this.chunk = value;
      }
      const part = this.chunk.subarray(0, out.length - done);
      out.set(part, done);
      this.chunk = this.chunk.subarray(part.length);
      done += part.length;
      this.at += part.length;
    }
  }
  async close() {
    await this.reader.cancel().catch(() => {});
  }
}

/** A file of node, read without a buffer between. */
class FileSource {
  constructor(handle) {
    this.handle = handle;
    this.at = 0;
  }
  async fill(out) {
    for (let done = 0; done < out.length;) {
      const { bytesRead } = await this.handle.read(out, done, out.length - done, this.at);
      if (bytesRead === 0)
        throw endedEarly(this.at);
      done += bytesRead;
      this.at += bytesRead;
    }
  }
  async close() {
    await this.handle.close();
  }
}

async function openUrl(url, signal) {
  let response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    if (error.name === 'AbortError')
      throw asLobitError(error);
    throw new LobitError(Status.IO, `${url} cannot be fetched: ${error.message}`,
                         { cause: error });
  }
  if (!response.ok)
    throw new LobitError(Status.IO,
                         `${url} cannot be fetched: the server answered ${response.status} ` +
                             response.statusText);
  return new StreamSource(response.body);
}

async function openFile(path) {
  const { open } = await import('node:fs/promises');
  try {
    return new FileSource(await open(path));
  } catch (error) {
    throw new LobitError(Status.IO, `${path} cannot be opened: ${error.message}`,
                         { cause: error });
  }
}

/** Opens a URL, in node also a path, bytes, a Blob, a Response or a ReadableStream. */
export async function openSource(source, signal) {
  checkAborted(signal);
  if (source instanceof ArrayBuffer)
    return new BytesSource(new Uint8Array(source));
  if (ArrayBuffer.isView(source))
    return new BytesSource(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  if (typeof Blob === 'function' && source instanceof Blob)
    return new StreamSource(source.stream());
  if (typeof Response === 'function' && source instanceof Response)
    return new StreamSource(source.body);
  if (typeof ReadableStream === 'function' && source instanceof ReadableStream)
    return new StreamSource(source);
  if (typeof source !== 'string' && !(source instanceof URL))
    throw new LobitError(Status.INVALID_ARGUMENT,
                         'a model is loaded from a URL, bytes, a Blob, a Response or a stream');
  const text = String(source);
  if (isNode && text.startsWith('file:'))
    return openFile(new URL(text));
  if (isNode && !/^[a-z][a-z0-9+.-]+:/i.test(text))
    return openFile(text);
  return openUrl(text, signal);
}
