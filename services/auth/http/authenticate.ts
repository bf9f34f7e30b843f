// The bearer token of a request, checked by auth itself: signature and claims, the live revocations, and,
// since every signed-in route reads the account anyway, the account and the session as they are now.

import type { AccessTokenClaims } from '@pi-gateway/access-token/claims.ts';
import { readBearer } from '@pi-gateway/access-token/read-bearer.ts';
import { verifyAccessToken } from '@pi-gateway/access-token/verify.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { TokenFault } from '@pi-gateway/problem/token-fault.ts';
import type { Database } from '../db/database.ts';
import { isTokenCurrent } from '../domain/is-token-current.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { Revocations } from '../revocation/revocations.ts';
import { findPrincipal } from '../store/principals.ts';
import type { User } from '../store/users.ts';

export type Principal = { readonly user: User; readonly sessionId: string };

export type AuthenticateDeps = {
  readonly db: Database;
  readonly keyRing: KeyRing;
  readonly revocations: Revocations;
  readonly config: { readonly publicUrl: string; readonly clockSkewSeconds: number };
};

/** The claims of a token that is ours and in its time, revoked or not. `headers` go with the refusal of another. */
export function readClaims(
  deps: AuthenticateDeps,
  rawHeaders: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): AccessTokenClaims {
  const bearer = readBearer(rawHeaders);
  if (bearer.kind === 'none') throw new AppError('missing_token');
  if (bearer.kind === 'duplicate') {
    throw new AppError('malformed_request', { detail: 'Send one Authorization header with one token.' });
  }
  const verification = verifyAccessToken(bearer.token, {
    keys: deps.keyRing.verificationKeys(),
    issuer: deps.config.publicUrl,
    audience: deps.config.publicUrl,
    clockSkewSeconds: deps.config.clockSkewSeconds,
    nowSeconds: Date.now() / 1000,
  });
  if (verification.kind !== 'valid') {
    const fault = verification.kind === 'invalid' ? verification.reason : 'unknown_key';
    throw new AppError('invalid_token', { headers, cause: new TokenFault(fault) });
  }
  return verification.claims;
}

/**
 * Whom a request comes from.
 * @throws {AppError} `missing_token`, `invalid_token`, or `malformed_request` for two tokens.
 */
export async function authenticate(
  deps: AuthenticateDeps,
  rawHeaders: readonly string[],
): Promise<Principal> {
  const claims = readClaims(deps, rawHeaders);
  if (deps.revocations.isRevoked(claims)) throw refuseRevoked(claims);
  const found = await findPrincipal(deps.db, claims.sub, claims.sid);
  const isLiving = found?.isSessionLiving === true && isTokenCurrent(claims, found);
  if (!isLiving) throw refuseRevoked(claims);
  return { user: found, sessionId: claims.sid };
}

/** A token of ours whose session or right has ended. */
export function refuseRevoked(
  { sub, sid }: Pick<AccessTokenClaims, 'sub' | 'sid'>,
  headers: Readonly<Record<string, string>> = {},
): AppError {
  const cause = new TokenFault('revoked', { userId: sub, sessionId: sid });
  return new AppError('invalid_token', { headers, cause });
}
