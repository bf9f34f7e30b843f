// scrypt (RFC 7914) as $scrypt$ln=,r=,p=$salt$hash.

import { scrypt as derive, randomBytes, type ScryptOptions, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { HashScheme } from './hash-scheme.ts';
import { formatStoredHash, parseStoredHash, readParam } from './stored-hash.ts';

const deriveKey = promisify<string, Buffer, number, ScryptOptions, Buffer>(derive);
const millisecondsPerBlock = 0.000_35;
const memoryBytesMax = 134_217_728;

/** What N = 2^ln, r and p cost; undefined when there is no such scrypt. */
export function scryptCostMs(ln: unknown, r: unknown, p: unknown): number | undefined {
  const [logN, blocks, lanes] = [readParam(ln), readParam(r), readParam(p)];
  if (!logN || !blocks || !lanes || logN > 30) return undefined;
  const memoryBytes = 128 * 2 ** logN * blocks;
  return memoryBytes > memoryBytesMax
    ? Number.POSITIVE_INFINITY
    : 2 ** logN * blocks * lanes * millisecondsPerBlock;
}

export function scryptKey(
  password: string,
  salt: Buffer,
  length: number,
  { ln, r, p }: Readonly<Record<string, string>>,
): Promise<Buffer> {
  const maxmem = 2 * memoryBytesMax;
  return deriveKey(password, salt, length, { N: 2 ** Number(ln), r: Number(r), p: Number(p), maxmem });
}

export const scrypt: HashScheme = {
  isOurs: (text) => text.startsWith('$scrypt$'),
  costMs(text) {
    const { params, salt, hash } = parseStoredHash(text) ?? {};
    if (!params || !salt || !hash || Object.keys(params).length !== 3) return undefined;
    if (salt.length > 64 || hash.length < 16 || hash.length > 64) return undefined;
    return scryptCostMs(params['ln'], params['r'], params['p']);
  },
  async verify(text, password) {
    const { params, salt, hash } = parseStoredHash(text)!;
    return timingSafeEqual(await scryptKey(password, salt, hash.length, params), hash);
  },
  makeDecoy: (passwordClass) => formatStoredHash(passwordClass, randomBytes(16), randomBytes(32)),
};
