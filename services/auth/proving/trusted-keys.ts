// Whose seals are believed. A verification is told which keys it may trust; from there on trust follows the log: a seal
// by a trusted key may name the next key. Told nothing, it takes the key of the first seal, and must say so: whoever
// can rewrite the whole log could have made that key himself.

import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { Value } from 'typebox/value';
import { PublicJwk } from '../crypto/signing-key.ts';

export type TrustedKeys = {
  /** Undefined: no seal by this key is believed. */
  find(kid: string): KeyObject | undefined;
  /** A trusted key named it. */
  add(jwk: PublicJwk): void;
};

/** RFC 7638, SHA-256, base64url. */
export function thumbprint({ crv, kty, x, y }: PublicJwk): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

/** The ES256 keys of a JSON Web Key Set, or of one key; what else stands there is passed over. */
export function readJwks(json: unknown): PublicJwk[] {
  const keys = (json as { readonly keys?: unknown } | null)?.keys;
  const listed: readonly unknown[] = Array.isArray(keys) ? keys : [json];
  return listed.filter((one) => Value.Check(PublicJwk, one));
}

/** Undefined when it is no point of the curve. */
export function readPublicKey({ crv, kty, x, y }: PublicJwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: { crv, kty, x, y }, format: 'jwk' });
  } catch {
    return undefined;
  }
}

export function trustKeys(keys: ReadonlyMap<string, KeyObject>): TrustedKeys {
  const trusted = new Map(keys);
  return {
    find: (kid) => trusted.get(kid),
    add(jwk) {
      const key = readPublicKey(jwk);
      if (key !== undefined) trusted.set(jwk.kid, key);
    },
  };
}

/** Only for want of anything better. */
export function trustFirstKey(claimed: readonly PublicJwk[]): TrustedKeys {
  let trusted: TrustedKeys | undefined;
  return {
    find(kid) {
      const jwk = claimed.find((one) => one.kid === kid);
      const key = jwk && readPublicKey(jwk);
      if (trusted === undefined && key !== undefined) trusted = trustKeys(new Map([[kid, key]]));
      return trusted?.find(kid);
    },
    add: (jwk) => trusted?.add(jwk),
  };
}
