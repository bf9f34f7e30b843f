// Text written as bytes into one buffer that is used again and again: what a verification hashes of a million events,
// without a string for any of it. Room is asked for before what may be of any length; the short things between (names
// of members, ids, times, numbers) fit into the spare room that is kept behind it.

const hexDigits = Buffer.from('0123456789abcdef');
const [quote, backslash, dash, space, zero] = [0x22, 0x5c, 0x2d, 0x20, 0x30];
const nullText = Buffer.from('null');
const spareBytes = 4096;

export type ByteText = ReturnType<typeof openByteText>;

export function openByteText() {
  let bytes = Buffer.allocUnsafe(64 * 1024);
  let end = 0;

  function makeRoom(length: number): void {
    if (end + length + spareBytes <= bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (end + length + spareBytes));
    bytes.copy(larger, 0, 0, end);
    bytes = larger;
  }

  // For so few bytes a loop is faster than a call, and on variables of its own.
  function write(from: Uint8Array): void {
    const to = bytes;
    const start = end;
    for (let i = 0; i < from.length; i++) to[start + i] = from[i]!;
    end = start + from.length;
  }

  function writeText(from: Uint8Array): void {
    makeRoom(from.length);
    write(from);
  }

  function writeDigits(from: Uint8Array, start: number, length: number): void {
    const to = bytes;
    let at = end;
    for (let i = start; i < start + length; i++) {
      const byte = from[i]!;
      to[at++] = hexDigits[byte >> 4]!;
      to[at++] = hexDigits[byte & 15]!;
    }
    end = at;
  }

  return {
    clear(): void {
      end = 0;
    },
    /** Valid until something is written. */
    written: (start = 0): Buffer => bytes.subarray(start, end),
    /** At most some dozens of bytes, into the spare room. */
    write,
    /** Of any length. */
    writeText,
    writeHex(from: Uint8Array, start: number, length: number): void {
      makeRoom(2 * length);
      writeDigits(from, start, length);
    },
    /** Of sixteen bytes. */
    writeUuid(from: Uint8Array, start: number): void {
      writeDigits(from, start, 4);
      for (let at = 4; at < 10; at += 2) {
        bytes[end++] = dash;
        writeDigits(from, start + at, 2);
      }
      bytes[end++] = dash;
      writeDigits(from, start + 10, 6);
    },
    /** As `String` writes it. */
    writeNumber(value: number): void {
      if (!Number.isSafeInteger(value) || value < 0) return write(Buffer.from(String(value)));
      let digits = 1;
      for (let bound = 10; bound <= value; bound *= 10) digits++;
      let rest = value;
      for (let at = end + digits - 1; at >= end; at--) {
        const tens = Math.floor(rest / 10);
        bytes[at] = zero + rest - 10 * tens;
        rest = tens;
      }
      end += digits;
    },
    /** As JSON.stringify writes the text of these bytes of UTF-8. A length below 0: null. */
    writeQuoted(from: Buffer, start: number, length: number): void {
      if (length < 0) return write(nullText);
      makeRoom(length + 2);
      const to = bytes;
      let at = end;
      to[at++] = quote;
      for (let i = start; i < start + length; i++) {
        const byte = from[i]!;
        if (byte === quote || byte === backslash || byte < space) {
          return writeText(Buffer.from(JSON.stringify(from.toString('utf8', start, start + length))));
        }
        to[at++] = byte;
      }
      to[at++] = quote;
      end = at;
    },
  };
}
