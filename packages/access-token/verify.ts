// Verifies one access token: RFC 9068 JWT, ES256, by the rules of RFC 8725. Synchronous and pure, no network:
// nothing in a token ever makes us fetch or choose anything. The size comes first, what is cheap before what
// is dear, and the signature last; nothing but "which kid is unknown" is told of a token before it has held.

import { type KeyObject, verify as verifySignature } from 'node:crypto';
import { type AccessTokenClaims, type ClaimsFault, type ClaimsRules, readClaims } from './claims.ts';
import { decodeBase64Url, decodeJsonPart, type JsonObject } from './decode-part.ts';
import { isKid, type VerificationKey } from './jwks.ts';

export type InvalidTokenReason = 'too_long' | 'malformed' | 'header' | 'signature' | ClaimsFault;

export type Verification =
  | { readonly kind: 'valid'; readonly claims: AccessTokenClaims }
  | { readonly kind: 'invalid'; readonly reason: InvalidTokenReason }
  /** Its form and claims would hold, but there is no such key: a fresh key set may have it. */
  | { readonly kind: 'unknown_key'; readonly kid: string };

export type VerifyOptions = ClaimsRules & { readonly keys: ReadonlyMap<string, VerificationKey> };

const tokenBytesMax = 4096;
const signatureBytes = 64;
// The order of P-256's base point (SEC 2, section 2.4.2): r and s lie in 1 … n-1.
const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
const zero = Buffer.alloc(32);

/** Tells whether a token is ours and alive by its own claims; revocation is the caller's to check. Never throws. */
export function verifyAccessToken(token: string, options: VerifyOptions): Verification {
  if (token.length > tokenBytesMax) return invalid('too_long');
  const parts = token.split('.', 4);
  const [headerPart, payloadPart, signaturePart] = parts;
  if (parts.length !== 3 || !headerPart || !payloadPart || !signaturePart) return invalid('malformed');

  const header = decodeJsonPart(headerPart);
  if (header === undefined) return invalid('malformed');
  const kid = readKid(header);
  if (kid === undefined) return invalid('header');

  const payload = decodeJsonPart(payloadPart);
  const signature = decodeBase64Url(signaturePart);
  if (payload === undefined || signature === undefined) return invalid('malformed');
  if (!isSignatureInRange(signature)) return invalid('signature');

  const claims = readClaims(payload, options);
  if (typeof claims === 'string') return invalid(claims);

  const key = options.keys.get(kid);
  if (key === undefined) return { kind: 'unknown_key', kid };
  const signed = Buffer.from(token.slice(0, token.length - signaturePart.length - 1), 'latin1');
  if (!isSignedBy(key.key, signed, signature)) return invalid('signature');
  return { kind: 'valid', claims };
}

/** The kid of a header that holds exactly alg, typ and kid: jwk, jku, x5u, x5c, crit, b64, zip are all refused so. */
function readKid(header: JsonObject): string | undefined {
  const { alg, typ, kid } = header;
  const known = Object.keys(header).length === 3 && alg === 'ES256' && typ === 'at+jwt';
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

function invalid(reason: InvalidTokenReason): Verification {
  return { kind: 'invalid', reason };
}
