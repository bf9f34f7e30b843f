// Reads a JSON Web Key Set (RFC 7517) into public keys for ES256 (RFC 7518 section 3.4). A key is taken only
// when it says itself that it is for ES256 signatures: the algorithm is pinned by the key, never by a token.
// Keys for other algorithms or uses are ignored; a set that cannot be trusted (private or broken keys, two of
// one kid) is refused as a whole, so that the caller keeps the last good one.

import { createPublicKey, type KeyObject } from 'node:crypto';
import { decodeBase64Url, type JsonObject } from './decode-part.ts';

export type VerificationKey = { readonly kid: string; readonly key: KeyObject };

const keysMax = 256;
const kidForm = /^[A-Za-z0-9._-]{1,128}$/;

/** True for a key id as we issue them: 1–128 letters, digits, dots, dashes and underscores. */
export function isKid(value: unknown): value is string {
  return typeof value === 'string' && kidForm.test(value);
}

/**
 * The ES256 signature keys of a set by their kid; the map may be empty.
 * @throws {Error} when the set or one of its ES256 keys is malformed.
 */
export function readJwks(json: unknown): ReadonlyMap<string, VerificationKey> {
  if (!isObject(json) || !Array.isArray(json.keys)) throw new Error('JWKS: no object with an array "keys"');
  if (json.keys.length > keysMax) throw new Error(`JWKS: more than ${keysMax} keys`);
  const keys = new Map<string, VerificationKey>();
  for (const jwk of json.keys as readonly unknown[]) {
    if (!isObject(jwk)) throw new Error('JWKS: a key is not an object');
    if (!isForEs256Signatures(jwk)) continue;
    const key = readKey(jwk);
    if (keys.has(key.kid)) throw new Error(`JWKS: two keys with the kid ${key.kid}`);
    keys.set(key.kid, key);
  }
  return keys;
}

function isForEs256Signatures(jwk: JsonObject): boolean {
  const { key_ops: operations } = jwk;
  return (
    jwk.kty === 'EC' &&
    jwk.crv === 'P-256' &&
    jwk.alg === 'ES256' &&
    (jwk.use === undefined || jwk.use === 'sig') &&
    (operations === undefined || (Array.isArray(operations) && operations.includes('verify')))
  );
}

function readKey(jwk: JsonObject): VerificationKey {
  const { kid } = jwk;
  if (!isKid(kid)) throw new Error('JWKS: a kid is missing or malformed');
  if ('d' in jwk) throw new Error(`JWKS: the key ${kid} holds a private part`);
  const x = readCoordinate(kid, jwk.x);
  const y = readCoordinate(kid, jwk.y);
  try {
    // OpenSSL checks that the point is on the curve.
    const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
    return Object.freeze({ kid, key });
  } catch (cause) {
    throw new Error(`JWKS: the key ${kid} is not a point of P-256`, { cause });
  }
}

function readCoordinate(kid: string, value: unknown): string {
  if (typeof value === 'string' && decodeBase64Url(value)?.length === 32) return value;
  throw new Error(`JWKS: a coordinate of the key ${kid} is not 32 bytes of base64url`);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
