// argon2id, argon2i and argon2d (RFC 9106): our own hashes, those of our former parameters, and others'.

import { randomBytes } from 'node:crypto';
import { verify } from '@node-rs/argon2';
import type { HashScheme } from './hash-scheme.ts';
import { formatStoredHash, parseStoredHash, readParam } from './stored-hash.ts';

const millisecondsPerKibPass = 0.000_36;
const memoryKibMax = 262_144;

export const argon2: HashScheme = {
  isOurs: (text) => /^\$argon2(?:id|i|d)\$/.test(text),
  costMs(text) {
    const { params, salt, hash } = parseStoredHash(text) ?? {};
    const [m, t, p] = [readParam(params?.['m']), readParam(params?.['t']), readParam(params?.['p'])];
    if (!salt || !hash || !m || !t || !p || Object.keys(params ?? {}).length !== 4) return undefined;
    const isSound = ['16', '19'].includes(params?.['v'] ?? '') && m >= 8 * p && p <= 255;
    if (!isSound || salt.length < 8 || salt.length > 64 || hash.length < 16 || hash.length > 64)
      return undefined;
    return m > memoryKibMax ? Number.POSITIVE_INFINITY : m * t * millisecondsPerKibPass;
  },
  verify: (text, password) => verify(text, password),
  makeDecoy: (passwordClass) => formatStoredHash(passwordClass, randomBytes(16), randomBytes(32)),
};
