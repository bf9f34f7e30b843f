// One text for one value: JSON as in RFC 8785 (members sorted by UTF-16 code units, no space, strings and numbers as
// ECMAScript writes them), so that whoever hashes what he reads from a row or an export hashes the same bytes.

/** @throws {TypeError} for what JSON cannot hold. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? canonicalArray(value) : canonicalObject(value);
  }
  const text = typeof value === 'number' && !Number.isFinite(value) ? undefined : JSON.stringify(value);
  if (text === undefined) throw new TypeError(`JSON cannot hold ${String(value)}`);
  return text;
}

function canonicalArray(items: readonly unknown[]): string {
  return `[${items.map(canonicalJson).join()}]`;
}

/** A member without a value is left out, as by JSON.stringify. */
function canonicalObject(object: object): string {
  const members = Object.entries(object).filter(([, value]) => value !== undefined);
  // The order of < on strings, which sort() has by itself: code units, no locale.
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${canonicalJson(value)}`).join()}}`;
}
