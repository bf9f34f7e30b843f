// Verifies one of our own tokens: a compact JWS under ES256, by the rules of RFC 8725. Synchronous and pure, no network:
// nothing in a token ever makes us fetch or choose anything. The size comes first, what is cheap before what
// is dear, and the signature last; nothing but "which kid is unknown" is told of a token before it has held.

import { type KeyObject, verify as verifySignature } from 'node:crypto';
import { decodeBase64Url, decodeJsonPart, type JsonObject } from './decode-part.ts';
import { isKid, type VerificationKey } from './jwks.ts';

export type JwsFault = 'too_long' | 'malformed' | 'header' | 'signature';

/** `C`: the claims; `F`: the names of what can be wrong with them. */
export type JwsVerification<C, F extends string> =
  | { readonly kind: 'valid'; readonly claims: C }
  | { readonly kind: 'invalid'; readonly reason: JwsFault | F }
  /** Its form and claims would hold, but there is no such key: a fresh key set may have it. */
  | { readonly kind: 'unknown_key'; readonly kid: string };

export type JwsRules<C, F extends string> = {
  /** The one type that is taken (RFC 8725 section 3.11), so that no kind of token passes for another. */
  readonly typ: string;
  readonly keys: ReadonlyMap<string, VerificationKey>;
  readonly readClaims: (payload: JsonObject) => C | F;
};

const tokenBytesMax = 4096;
const signatureBytes = 64;
// The order of P-256's base point (SEC 2, section 2.4.2): r and s lie in 1 … n-1.
const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
const zero = Buffer.alloc(32);

/** Never throws. */
export function verifyJws<C extends object, F extends string>(
  token: string,
  { typ, keys, readClaims }: JwsRules<C, F>,
): JwsVerification<C, F> {
  if (token.length > tokenBytesMax) return invalid('too_long');
  const parts = token.split('.', 4);
  const [headerPart, payloadPart, signaturePart] = parts;
  if (parts.length !== 3 || !headerPart || !payloadPart || !signaturePart) return invalid('malformed');

  const header = decodeJsonPart(headerPart);
  if (header === undefined) return invalid('malformed');
  const kid = readKid(header, typ);
  if (kid === undefined) return invalid('header');

  const payload = decodeJsonPart(payloadPart);
  const signature = decodeBase64Url(signaturePart);
  if (payload === undefined || signature === undefined) return invalid('malformed');
  if (!isSignatureInRange(signature)) return invalid('signature');

  const claims = readClaims(payload);
  if (typeof claims === 'string') return invalid(claims);

  const key = keys.get(kid);
  if (key === undefined) return { kind: 'unknown_key', kid };
  const signed = Buffer.from(token.slice(0, token.length - signaturePart.length - 1), 'latin1');
  if (!isSignedBy(key.key, signed, signature)) return invalid('signature');
  return { kind: 'valid', claims };
}

/** The kid of a header that holds exactly alg, typ and kid: jwk, jku, x5u, x5c, crit, b64, zip are all refused so. */
function readKid(header: JsonObject, expectedTyp: string): string | undefined {
  const { alg, typ, kid } = header;
  const known = Object.keys(header).length === 3 && alg === 'ES256' && typ === expectedTyp;
  return known && isKid(kid) ? kid : undefined;
}

/** Exactly r ‖ s with both in range (RFC 7518 section 3.4). OpenSSL checks it too: CVE-2022-21449 tells why we do. */
function isSignatureInRange(signature: Buffer): boolean {
  if (signature.length !== signatureBytes) return false;
  return [signature.subarray(0, 32), signature.subarray(32)].every(
    (part) => part.compare(zero) > 0 && part.compare(order) < 0,
  );
}

function isSignedBy(key: KeyObject, signed: Buffer, signature: Buffer): boolean {
  return verifySignature('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

function invalid<F extends string>(reason: F): { readonly kind: 'invalid'; readonly reason: F } {
  return { kind: 'invalid', reason };
}
