// Firebase's own scrypt: the project's signer key, encrypted with AES-256-CTR under a key that scrypt makes
// of the password, is the hash. Stored as $fbscrypt$v=1,n=,r=,p=1,ss=,sk=$salt$hash with the project's
// parameters in the class: n is log2 N (Firebase's mem_cost), r its rounds, ss salt separator, sk signer key.

import { createCipheriv, randomBytes, timingSafeEqual } from 'node:crypto';
import type { HashScheme } from './hash-scheme.ts';
import { scryptCostMs, scryptKey } from './scrypt.ts';
import { formatStoredHash, parseStoredHash } from './stored-hash.ts';

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;
const signerKeyMax = 128;

export const firebaseScrypt: HashScheme = {
  isOurs: (text) => text.startsWith('$fbscrypt$'),
  costMs(text) {
    const { params, salt, hash } = parseStoredHash(text) ?? {};
    if (!params || !salt || !hash || Object.keys(params).length !== 6) return undefined;
    const { v, p, ss = '', sk = '' } = params;
    const isSound = v === '1' && p === '1' && base64.test(ss) && base64.test(sk) && salt.length <= 64;
    if (!isSound || hash.length > signerKeyMax || hash.length !== bytes(sk).length) return undefined;
    return scryptCostMs(params['n'], params['r'], p);
  },
  async verify(text, password) {
    const { params, salt, hash } = parseStoredHash(text)!;
    const { n = '', r = '', p = '', ss = '', sk = '' } = params;
    const key = await scryptKey(password, Buffer.concat([salt, bytes(ss)]), 64, { ln: n, r, p });
    const cipher = createCipheriv('aes-256-ctr', key.subarray(0, 32), Buffer.alloc(16));
    return timingSafeEqual(Buffer.concat([cipher.update(bytes(sk)), cipher.final()]), hash);
  },
  makeDecoy(passwordClass) {
    const signerKey = /,sk=([^,]+)/.exec(passwordClass)?.[1] ?? '';
    return formatStoredHash(passwordClass, randomBytes(16), randomBytes(bytes(signerKey).length));
  },
};

function bytes(text: string): Buffer {
  return Buffer.from(text, 'base64');
}
