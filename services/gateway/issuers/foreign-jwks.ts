// Reads the key set of another issuer (RFC 7517). Only public members of known kinds of keys are taken; a set that
// shows a private key, or the same name twice for one kind, is refused as a whole, so that the last good one stays.

import { createPublicKey, type KeyObject } from 'node:crypto';
import { type Algorithm, type KeyType, keyTypeOf } from './algorithms.ts';

export type ForeignKey = {
  /** The kind and the kid of the set, which may be missing. */
  readonly kid: string;
  readonly type: KeyType;
  /** The one algorithm the set gives it; undefined: any of its kind that the issuer is pinned to. */
  readonly algorithm: string | undefined;
  readonly key: KeyObject;
};

const keysMax = 100;
const kidMax = 256;
const rsaBits = { min: 2048, max: 8192 };
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** How a key is looked up: two kinds may have the same kid. */
export function keyName(type: KeyType, kid: string): string {
  return `${type} ${kid}`;
}

/**
 * The keys that tokens of these algorithms can be signed with; the map may be empty.
 * @throws {Error} when the set cannot be trusted.
 */
export function readForeignJwks(
  json: unknown,
  pinned: readonly Algorithm[],
): ReadonlyMap<string, ForeignKey> {
  const { keys: entries } = Object(json) as { keys?: unknown };
  if (!Array.isArray(entries)) throw new Error('JWKS: no object with an array "keys"');
  if (entries.length > keysMax) throw new Error(`JWKS: more than ${keysMax} keys`);
  const types = new Set(pinned.map((algorithm) => keyTypeOf[algorithm]));
  const keys = new Map<string, ForeignKey>();
  for (const entry of entries as readonly unknown[]) {
    const jwk = Object(entry) as Record<string, unknown>;
    if (privateMembers.some((member) => member in jwk))
      throw new Error('JWKS: it shows a secret or private key');
    const key = readKey(jwk, pinned);
    if (key === undefined || !types.has(key.type)) continue;
    const name = keyName(key.type, key.kid);
    if (keys.has(name)) throw new Error(`JWKS: two keys with the kid ${JSON.stringify(key.kid)}`);
    keys.set(name, Object.freeze({ ...key, kid: name }));
  }
  return keys;
}

function readKey(jwk: Record<string, unknown>, pinned: readonly string[]): ForeignKey | undefined {
  const { use, alg, kid = '', key_ops: operations } = jwk;
  if (use !== undefined && use !== 'sig') return undefined;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify')))
    return undefined;
  if (alg !== undefined && (typeof alg !== 'string' || !pinned.includes(alg))) return undefined;
  if (typeof kid !== 'string' || kid.length > kidMax) return undefined;
  const found = readMaterial(jwk);
  if (found === undefined) return undefined;
  return { kid, algorithm: alg, ...found };
}

/** The public key; undefined for kinds that are not known and keys that are too weak or too dear. */
function readMaterial({
  kty,
  crv,
  n,
  e,
  x,
  y,
}: Record<string, unknown>): Pick<ForeignKey, 'type' | 'key'> | undefined {
  if (kty === 'RSA') {
    const key = importKey({ kty, n, e });
    const { modulusLength = 0, publicExponent = 0n } = key?.asymmetricKeyDetails ?? {};
    const isSound =
      modulusLength >= rsaBits.min &&
      modulusLength <= rsaBits.max &&
      publicExponent >= 3n &&
      publicExponent < 2n ** 33n;
    return key !== undefined && isSound ? { type: 'RSA', key } : undefined;
  }
  if (kty === 'EC' && crv === 'P-256') return typed('P-256', importKey({ kty, crv, x, y }));
  if (kty === 'OKP' && crv === 'Ed25519') return typed('Ed25519', importKey({ kty, crv, x }));
  return undefined;
}

function typed(type: KeyType, key: KeyObject | undefined): Pick<ForeignKey, 'type' | 'key'> | undefined {
  return key === undefined ? undefined : { type, key };
}

function importKey(jwk: Record<string, unknown>): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}
