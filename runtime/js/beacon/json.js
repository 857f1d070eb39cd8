/** Canonical JSON (RFC 8785): JavaScript's own number and string forms, keys sorted. */

/** The canonical text, or null for what nests too deeply or has an escape in a key. */
export function canonical(value, depth) {
  if (value === null || typeof value !== "object") {
    return JSON.stringify(value);
  }
  if (depth === 0) return null;
  if (Array.isArray(value)) {
    const parts = value.map((item) => canonical(item, depth - 1));
    return parts.includes(null) ? null : `[${parts.join(",")}]`;
  }
  const parts = [];
  // The default order of strings is that of UTF-16 code units.
  for (const key of Object.keys(value).sort()) {
    const text = canonical(value[key], depth - 1);
    if (text === null || JSON.stringify(key) !== `"${key}"`) return null;
    parts.push(`"${key}":${text}`);
  }
  return `{${parts.join(",")}}`;
}

/** The value of canonical bytes, or null. */
export function parseCanonical(bytes, depth) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value = JSON.parse(text);
    return canonical(value, depth) === text ? value : null;
  } catch {
    return null;
  }
}
