// An ES256 key pair and how its private part rests: sealed with AES-256-GCM under a key derived from the
// master key, its kid authenticated with it, so that two rows of the table cannot be swapped.

import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { type Static, Type } from 'typebox';

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

const nonceBytes = 12;
const tagBytes = 16;

/** A fresh key pair, ready to be stored. `sealKey`: 32 bytes. */
export function generateSigningKey(sealKey: Buffer): NewSigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // Like every id that can be revoked.
  const kid = uuidV7(Date.now() * 1000);
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  return {
    kid,
    publicJwk: publicJwkOf(kid, publicKey),
    privateSealed: seal(pkcs8, kid, sealKey),
  };
}

function publicJwkOf(kid: string, publicKey: KeyObject): PublicJwk {
  const { x, y } = publicKey.export({ format: 'jwk' }) as { x: string; y: string };
  return { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' };
}

/** @throws {Error} when the sealed part was made under another master key or kid, or was changed. */
export function openSigningKey(sealed: Buffer, kid: string, sealKey: Buffer): KeyObject {
  const decipher = createDecipheriv('aes-256-gcm', sealKey, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(kid));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  const pkcs8 = Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
}

function seal(plain: Buffer, kid: string, sealKey: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', sealKey, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(kid));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}
