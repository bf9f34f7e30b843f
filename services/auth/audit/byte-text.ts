// Text written as bytes into one buffer that is used again and again: what a verification hashes of a million events,
// without a string for any of it.

const hexDigits = Buffer.from('0123456789abcdef');
const [quote, backslash, dash, space] = [0x22, 0x5c, 0x2d, 0x20];
const nullText = Buffer.from('null');

export type ByteText = ReturnType<typeof openByteText>;

export function openByteText() {
  let bytes = Buffer.allocUnsafe(64 * 1024);
  let end = 0;

  function makeRoom(length: number): void {
    if (end + length <= bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (end + length));
    bytes.copy(larger, 0, 0, end);
    bytes = larger;
  }

  function copy(from: Uint8Array, start: number, length: number): void {
    makeRoom(length);
    // For so few bytes a loop is faster than a call.
    for (let i = 0; i < length; i++) bytes[end++] = from[start + i]!;
  }

  function writeHex(from: Uint8Array, start: number, length: number): void {
    makeRoom(2 * length);
    for (let i = 0; i < length; i++) {
      const byte = from[start + i]!;
      bytes[end++] = hexDigits[byte >> 4]!;
      bytes[end++] = hexDigits[byte & 15]!;
    }
  }

  function writeByte(byte: number): void {
    makeRoom(1);
    bytes[end++] = byte;
  }

  return {
    clear(): void {
      end = 0;
    },
    length: () => end,
    /** Valid until something is written. */
    written: (start = 0): Buffer => bytes.subarray(start, end),
    /** Of ASCII. */
    read: (start: number): string => bytes.toString('latin1', start, end),
    write(from: Uint8Array): void {
      copy(from, 0, from.length);
    },
    copy,
    writeHex,
    /** Of sixteen bytes. */
    writeUuid(from: Uint8Array, start: number): void {
      writeHex(from, start, 4);
      for (let at = 4; at < 10; at += 2) {
        writeByte(dash);
        writeHex(from, start + at, 2);
      }
      writeByte(dash);
      writeHex(from, start + 10, 6);
    },
    /** As JSON.stringify writes the text of these bytes of UTF-8. A length below 0: null. */
    writeQuoted(from: Buffer, start: number, length: number): void {
      if (length < 0) return copy(nullText, 0, nullText.length);
      for (let i = start; i < start + length; i++) {
        const byte = from[i]!;
        if (byte === quote || byte === backslash || byte < space) {
          const text = Buffer.from(JSON.stringify(from.toString('utf8', start, start + length)));
          return copy(text, 0, text.length);
        }
      }
      writeByte(quote);
      copy(from, start, length);
      writeByte(quote);
    },
  };
}
