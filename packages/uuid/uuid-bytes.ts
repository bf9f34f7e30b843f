// The sixteen bytes of a UUID (RFC 9562 section 4) and its text.

export const uuidBytes = 16;

const form = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/;

/** The text of the sixteen bytes at `offset`. */
export function readUuid(bytes: Buffer, offset: number): string {
  return bytes.toString('hex', offset, offset + uuidBytes).replace(form, '$1-$2-$3-$4-$5');
}

/** Below 0: the one at `offset` comes before the other; 0: they are the same. Their texts stand in the same order. */
export function compareUuids(bytes: Buffer, offset: number, other: Buffer, otherOffset: number): number {
  for (let i = 0; i < uuidBytes; i++) {
    const difference = bytes[offset + i]! - other[otherOffset + i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Writes the sixteen bytes of a UUID's text at `offset`. */
export function writeUuid(bytes: Buffer, offset: number, id: string): void {
  let at = offset;
  for (let i = 0; i < id.length; i += 2) {
    // The four dashes stand before pairs.
    if (id.charCodeAt(i) === dash) i++;
    bytes[at++] = 16 * digitOf(id.charCodeAt(i)) + digitOf(id.charCodeAt(i + 1));
  }
}

const dash = 0x2d;

/** Of the character of a hexadecimal digit. */
const digitOf = (code: number) => (code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57);
