// bcrypt ($2a$, $2b$, $2y$: one and the same algorithm for what they can store). It reads 72 bytes of the
// password at most, as whoever made the hash did. The library is loaded when the first such hash is met.

import { randomBytes } from 'node:crypto';
import type { HashScheme } from './hash-scheme.ts';

const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const form = /^\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/;
const millisecondsPerRound = 0.06;

/** As it is stored; the library answers false at once when a bit beyond the bytes is set, which time would tell. */
export function canonicalBcrypt(text: string): string | undefined {
  const [, cost, salt, hash] = form.exec(text) ?? [];
  if (cost === undefined || Number(cost) < 4 || Number(cost) > 31) return undefined;
  // 22 characters hold 132 bits for 16 bytes, 31 hold 186 for 23.
  return `$2b$${cost}$${clearLastBits(salt!, 4)}${clearLastBits(hash!, 2)}`;
}

export const bcrypt: HashScheme = {
  isOurs: (text) => /^\$2[aby]\$/.test(text),
  costMs(text) {
    const cost = form.exec(text)?.[1];
    return cost === undefined || canonicalBcrypt(text) !== text
      ? undefined
      : 2 ** Number(cost) * millisecondsPerRound;
  },
  async verify(text, password) {
    const { verify } = await import('@node-rs/bcrypt');
    return verify(password, text);
  },
  makeDecoy(passwordClass) {
    const text = Array.from(randomBytes(53), (byte) => alphabet[byte & 63]).join('');
    return canonicalBcrypt(`${passwordClass}$${text}`)!;
  },
};

function clearLastBits(text: string, count: number): string {
  const last = alphabet.indexOf(text.at(-1)!);
  return text.slice(0, -1) + alphabet[(last >> count) << count]!;
}
