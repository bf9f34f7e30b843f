// Verifies one access token (RFC 9068). Synchronous and pure: see verify-jws.ts for how.

import { type AccessTokenClaims, type ClaimsFault, type ClaimsRules, readClaims } from './claims.ts';
import type { VerificationKey } from './jwks.ts';
import { type JwsFault, type JwsVerification, verifyJws } from './verify-jws.ts';

export type InvalidTokenReason = JwsFault | ClaimsFault;
export type Verification = JwsVerification<AccessTokenClaims, ClaimsFault>;
export type VerifyOptions = ClaimsRules & { readonly keys: ReadonlyMap<string, VerificationKey> };

/** Tells whether a token is ours and alive by its own claims; revocation is the caller's to check. Never throws. */
export function verifyAccessToken(token: string, options: VerifyOptions): Verification {
  return verifyJws<AccessTokenClaims, ClaimsFault>(token, {
    typ: 'at+jwt',
    keys: options.keys,
    readClaims: (payload) => readClaims(payload, options),
  });
}
