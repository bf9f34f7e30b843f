// The sixteen bytes of a UUID (RFC 9562 section 4) and its text.

const form = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/;

/** The text of the sixteen bytes at `offset`. */
export function readUuid(bytes: Buffer, offset: number): string {
  return bytes.toString('hex', offset, offset + 16).replace(form, '$1-$2-$3-$4-$5');
}

/** Writes the sixteen bytes of a UUID's text at `offset`. */
export function writeUuid(bytes: Buffer, offset: number, id: string): void {
  bytes.write(id.replaceAll('-', ''), offset, 'hex');
}
