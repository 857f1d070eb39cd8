import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const work = process.env.LOBIT_WORK;
export const packageFolder = fileURLToPath(new URL('../../../runtime/js/', import.meta.url));
export const artifact = (name) => join(work, name);
export const json = (name) => JSON.parse(readFileSync(artifact(name)));
export const digest = (array) =>
    createHash('sha256').update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
        .digest('hex');

/** A .npy of f32: { data, dims }. */
export function readNpy(name) {
  const bytes = readFileSync(artifact(name));
  const headerEnd = 10 + bytes.readUInt16LE(8);
  const header = bytes.subarray(10, headerEnd).toString();
  const dims = header.match(/'shape': \(([^)]*)\)/)[1].split(',').filter((d) => d.trim())
                   .map(Number);
  const data = new Float32Array(Uint8Array.from(bytes.subarray(headerEnd)).buffer);
  return { data, dims };
}

const contentTypes = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** A plain static server for the folders in `places` ({ '/prefix/': folder }). */
export async function serve(places, headers = {}) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const prefix = Object.keys(places).find((p) => pathname.startsWith(p));
    try {
      const bytes = readFileSync(join(places[prefix], pathname.slice(prefix.length)));
      response.writeHead(200, {
        'content-type': contentTypes[extname(pathname)] ?? 'application/octet-stream',
        'content-length': bytes.length, ...headers,
      });
      response.end(bytes);
    } catch {
      response.writeHead(404, 'Not Found').end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
