// PBKDF2 (RFC 8018) as $pbkdf2-<digest>$i=<iterations>,l=<bytes>$salt$hash. The length is part of the class:
// it decides how many blocks are made.

import { pbkdf2 as derive, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { HashScheme } from './hash-scheme.ts';
import { formatStoredHash, parseStoredHash, readParam } from './stored-hash.ts';

const deriveKey = promisify(derive);

/** Bytes of the digest, and microseconds of one iteration for one block. */
const digests: Readonly<Record<string, { readonly bytes: number; readonly iterationMicros: number }>> = {
  sha1: { bytes: 20, iterationMicros: 0.3 },
  sha256: { bytes: 32, iterationMicros: 0.4 },
  sha512: { bytes: 64, iterationMicros: 0.5 },
};

export const pbkdf2: HashScheme = {
  isOurs: (text) => /^\$pbkdf2-sha(?:1|256|512)\$/.test(text),
  costMs(text) {
    const { id = '', params, salt, hash } = parseStoredHash(text) ?? {};
    const digest = digests[id.slice('pbkdf2-'.length)];
    const iterations = readParam(params?.['i']);
    if (!digest || !iterations || !salt || !hash || Object.keys(params ?? {}).length !== 2) return undefined;
    const isSound = readParam(params?.['l']) === hash.length && hash.length >= 16 && hash.length <= 128;
    if (!isSound || salt.length > 128) return undefined;
    return (iterations * Math.ceil(hash.length / digest.bytes) * digest.iterationMicros) / 1000;
  },
  async verify(text, password) {
    const { id, params, salt, hash } = parseStoredHash(text)!;
    const digest = id.slice('pbkdf2-'.length);
    const key = await deriveKey(password, salt, Number(params['i']), hash.length, digest);
    return timingSafeEqual(key, hash);
  },
  makeDecoy(passwordClass) {
    const length = Number(/,l=(\d+)/.exec(passwordClass)?.[1]);
    return formatStoredHash(passwordClass, randomBytes(16), randomBytes(length));
  },
};
