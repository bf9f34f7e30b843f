// Makes tokens for tests: right ones, and ones that are wrong in exactly one place. Never used outside tests.

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { readJwks } from './jwks.ts';
import { type Verification, type VerifyOptions, verifyAccessToken } from './verify.ts';

export const nowSeconds = 1_800_000_000;
export const issuer = 'https://id.example.com';

export const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const publicJwk = { ...publicKey.export({ format: 'jwk' }), kid: 'key-1', alg: 'ES256', use: 'sig' };

export const goodHeader = { alg: 'ES256', typ: 'at+jwt', kid: 'key-1' };
export const goodClaims = {
  iss: issuer,
  aud: issuer,
  sub: uuidV7(1_700_000_000_000_000),
  client_id: 'pi-gateway',
  iat: nowSeconds - 10,
  exp: nowSeconds + 590,
  jti: uuidV7((nowSeconds - 10) * 1_000_000),
  sid: uuidV7(1_790_000_000_000_000),
  roles: ['user'],
  auth_time: nowSeconds - 1000,
};

const verifyOptions: VerifyOptions = {
  keys: readJwks({ keys: [publicJwk] }),
  issuer,
  audience: issuer,
  clockSkewSeconds: 5,
  nowSeconds,
};

export function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** Signs a header and payload given as values, or as the very text to encode. */
export function forge(
  header: unknown = goodHeader,
  payload: unknown = goodClaims,
  key: KeyObject = privateKey,
): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${es256(signed, key).toString('base64url')}`;
}

export function es256(signed: string, key: KeyObject = privateKey): Buffer {
  return sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
}

export function check(token: string, options: Partial<VerifyOptions> = {}): Verification {
  return verifyAccessToken(token, { ...verifyOptions, ...options });
}
