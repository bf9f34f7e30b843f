// check: may this caller use this route? The token is verified here, by local keys; a token seen before costs
// a map look-up. Only the signature's result is remembered: expiry, revocation and role are judged on every
// request anew.

import { type AccessTokenClaims, isExpired } from '@pi-gateway/access-token/claims.ts';
import { readBearer } from '@pi-gateway/access-token/read-bearer.ts';
import type { RemoteKeys } from '@pi-gateway/access-token/remote-keys.ts';
import { VerifiedTokenCache } from '@pi-gateway/access-token/verified-token-cache.ts';
import {
  type RemoteVerification,
  verifyWithRemoteKeys,
} from '@pi-gateway/access-token/verify-with-remote-keys.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { Exchange } from '../exchange.ts';
import type { ReportDenial } from '../observe/denial-reporter.ts';
import type { LiveRevocations } from '../revocation/live-revocations.ts';
import type { Access } from '../routing/route.ts';

export type AccessDeps = {
  readonly keys: RemoteKeys;
  readonly revocations: LiveRevocations;
  readonly verified: VerifiedTokenCache;
  /** Issuer and audience of tokens alike. */
  readonly publicUrl: string;
  readonly clockSkewSeconds: number;
  readonly nowMs: () => number;
  /** Makes the audit event of a refusal for a role. */
  readonly reportDenial: ReportDenial;
};

/** About 10,000 tokens; their text counts towards the bytes. */
export function openVerifiedTokens(): VerifiedTokenCache {
  return new VerifiedTokenCache({ maxEntries: 20_000, maxBytes: 48 * 1024 * 1024 });
}

/**
 * Sets the exchange's claims, or throws. Waits only where a key has to be fetched first, or a denial to be told.
 * @throws {AppError} missing_token, invalid_token, insufficient_role, malformed_request, unavailable.
 */
export function checkAccess(x: Exchange, deps: AccessDeps): void | Promise<void> {
  const { access } = x.route!;
  if (access.kind === 'public') return undefined;
  const bearer = x.authorization === undefined ? none : readBearer(x.req.rawHeaders);
  if (bearer.kind === 'duplicate') {
    throw new AppError('malformed_request', { detail: 'Send one Authorization header with one token.' });
  }
  if (bearer.kind === 'none') {
    if (access.kind === 'optional') return undefined;
    throw new AppError('missing_token');
  }
  const claims = verify(bearer.token, deps);
  if (claims instanceof Promise) {
    return claims.then((fetched) => checkClaims(x, fetched, access, deps));
  }
  return checkClaims(x, claims, access, deps);
}

const none = { kind: 'none' } as const;

function verify(token: string, deps: AccessDeps): AccessTokenClaims | Promise<AccessTokenClaims> {
  const { publicUrl } = deps;
  const verification = verifyWithRemoteKeys(token, { ...deps, issuer: publicUrl, audience: publicUrl });
  return verification instanceof Promise ? verification.then(claimsOf) : claimsOf(verification);
}

function claimsOf(verification: RemoteVerification): AccessTokenClaims {
  if (verification.kind === 'valid') return verification.claims;
  // Without keys nothing can be told of a token: closed, and said to be our fault.
  throw new AppError(verification.kind === 'unavailable' ? 'unavailable' : 'invalid_token');
}

function checkClaims(
  x: Exchange,
  claims: AccessTokenClaims,
  access: Access,
  deps: AccessDeps,
): void | Promise<void> {
  const { revocations } = deps;
  // Before the first load a revoked token could not be told from a living one.
  if (!revocations.isLoaded) throw new AppError('unavailable');
  if (!isAlive(claims, deps)) throw new AppError('invalid_token');
  // Known from here on, so that the record tells who was denied.
  x.claims = claims;
  if (access.kind !== 'roles') return undefined;
  // A role may have been taken away in the time we know nothing of; other routes go on until the token expires.
  if (revocations.isStale()) throw new AppError('unavailable');
  if (claims.roles.some((role) => access.roles.includes(role))) return undefined;
  return deps.reportDenial(x).then(() => {
    throw new AppError('insufficient_role');
  });
}

/** Neither expired nor revoked, now. Open WebSockets are asked the same again and again. */
export function isAlive(
  claims: AccessTokenClaims,
  deps: Pick<AccessDeps, 'nowMs' | 'clockSkewSeconds' | 'revocations'>,
): boolean {
  const { clockSkewSeconds, nowMs, revocations } = deps;
  return (
    !isExpired(claims.exp, { nowSeconds: nowMs() / 1000, clockSkewSeconds }) && !revocations.isRevoked(claims)
  );
}
