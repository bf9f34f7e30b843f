// The signature algorithms that another issuer's tokens may have, each with the one kind of key it goes with
// (RFC 7518 section 3.1, RFC 8037 section 3.1). No HS…: a public key must never serve as a secret.

import { constants, type KeyObject, verify } from 'node:crypto';

export const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
export type Algorithm = (typeof algorithms)[number];

export type KeyType = 'RSA' | 'P-256' | 'Ed25519';

export const keyTypeOf: Readonly<Record<Algorithm, KeyType>> = {
  RS256: 'RSA',
  PS256: 'RSA',
  ES256: 'P-256',
  EdDSA: 'Ed25519',
};

/** Whether a signature holds; false too for one of another form. */
export function isSigned(algorithm: Algorithm, key: KeyObject, signed: Buffer, signature: Buffer): boolean {
  switch (algorithm) {
    case 'RS256':
      return verify('sha256', signed, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
    case 'PS256':
      return verify(
        'sha256',
        signed,
        { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
        signature,
      );
    case 'ES256':
      return (
        signature.length === 64 && verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature)
      );
    case 'EdDSA':
      return verify(null, signed, key, signature);
    default:
      return algorithm satisfies never;
  }
}
