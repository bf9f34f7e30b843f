// A timestamptz in PostgreSQL's binary form (microseconds since 2000, 64 bits) as an event's `at` is proven: RFC 3339,
// UTC, microseconds. Events that follow one another are mostly of one second: its text is kept.

import type { ByteText } from './byte-text.ts';

const epochSeconds = Date.UTC(2000, 0, 1) / 1000;
const half = 2 ** 32;

/** Of a bigint in binary form; exact up to 2^53. */
export function readBigint(bytes: Buffer, start: number): number {
  return bytes.readInt32BE(start) * half + bytes.readUInt32BE(start + 4);
}

export function openTimeWriter() {
  let second = Number.NaN;
  let secondText: Buffer = Buffer.alloc(0);
  const fraction = Buffer.from('000000Z');
  return (text: ByteText, from: Buffer, start: number): void => {
    const micros = readBigint(from, start);
    const own = Math.floor(micros / 1_000_000);
    if (own !== second) [second, secondText] = [own, writeSecond(own)];
    text.write(secondText);
    let rest = micros - own * 1_000_000;
    for (let i = 5; i >= 0; i--) {
      const tens = Math.floor(rest / 10);
      fraction[i] = 0x30 + rest - 10 * tens;
      rest = tens;
    }
    text.write(fraction);
  };
}

/** No event was written before 1900 or after 2200: one that claims so has no leaf that was ever sealed. */
function writeSecond(second: number): Buffer {
  const date = new Date((second + epochSeconds) * 1000);
  const year = date.getUTCFullYear();
  const isSound = year >= 1900 && year <= 2200;
  return Buffer.from(isSound ? date.toISOString().slice(0, 20).replace(/\.?$/, '.') : 'out of range.');
}
