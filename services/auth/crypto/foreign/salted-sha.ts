// LDAP's salted SHA ({SSHA}, {SSHA256}, {SSHA512}; RFC 2307 and its descendants) as $ssha-<digest>$salt$hash:
// one round, weak, hence worth replacing at the first login.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { HashScheme } from './hash-scheme.ts';
import { formatStoredHash, parseStoredHash } from './stored-hash.ts';

/** Bytes of the digest. */
export const saltedShaBytes: Readonly<Record<string, number>> = { sha1: 20, sha256: 32, sha512: 64 };

export const saltedSha: HashScheme = {
  isOurs: (text) => /^\$ssha-sha(?:1|256|512)(?:\$|$)/.test(text),
  costMs(text) {
    const { id = '', params, salt, hash } = parseStoredHash(text) ?? {};
    const isSound = hash?.length === saltedShaBytes[id.slice('ssha-'.length)] && (salt?.length ?? 99) <= 64;
    return isSound && Object.keys(params ?? {}).length === 0 ? 0.01 : undefined;
  },
  verify(text, password) {
    const { id, salt, hash } = parseStoredHash(text)!;
    const made = createHash(id.slice('ssha-'.length)).update(password).update(salt).digest();
    return Promise.resolve(timingSafeEqual(made, hash));
  },
  makeDecoy(passwordClass) {
    const length = saltedShaBytes[passwordClass.slice('$ssha-'.length)]!;
    return formatStoredHash(passwordClass, randomBytes(8), randomBytes(length));
  },
};
