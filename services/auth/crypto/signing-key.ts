// An ES256 key pair and how its private part rests: sealed under a key derived from the master key, with its kid.

import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { type Static, Type } from 'typebox';
import { openSealedBytes, sealBytes } from './sealed-bytes.ts';

/** As it is published (RFC 7517). */
export const PublicJwk = Type.Object(
  {
    kty: Type.Literal('EC'),
    crv: Type.Literal('P-256'),
    x: Type.String(),
    y: Type.String(),
    kid: Type.String(),
    alg: Type.Literal('ES256'),
    use: Type.Literal('sig'),
  },
  { additionalProperties: false },
);
export type PublicJwk = Static<typeof PublicJwk>;

export type NewSigningKey = {
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  readonly privateSealed: Buffer;
};

/** A fresh key pair, ready to be stored. `sealKey`: 32 bytes. */
export function generateSigningKey(sealKey: Buffer): NewSigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // Like every id that can be revoked.
  const kid = uuidV7(Date.now() * 1000);
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  return {
    kid,
    publicJwk: publicJwkOf(kid, publicKey),
    privateSealed: sealBytes(pkcs8, kid, sealKey),
  };
}

function publicJwkOf(kid: string, publicKey: KeyObject): PublicJwk {
  const { x, y } = publicKey.export({ format: 'jwk' }) as { x: string; y: string };
  return { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' };
}

/** @throws {Error} when the sealed part was made under another master key or kid, or was changed. */
export function openSigningKey(sealed: Buffer, kid: string, sealKey: Buffer): KeyObject {
  const pkcs8 = openSealedBytes(sealed, kid, sealKey);
  return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
}
