// check: may this caller use this route? The token is verified here, by keys that are at hand; a token seen before
// costs a map look-up. Only the signature's result is remembered: expiry, revocation and role are judged on every
// request anew.

import { isExpired } from '@pi-gateway/access-token/claims.ts';
import { readBearer } from '@pi-gateway/access-token/read-bearer.ts';
import { VerifiedTokenCache } from '@pi-gateway/access-token/verified-token-cache.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { TokenFault, type TokenHolder } from '@pi-gateway/problem/token-fault.ts';
import type { Exchange } from '../exchange.ts';
import type { Principal } from '../principal.ts';
import type { LiveRevocations } from '../revocation/live-revocations.ts';
import type { Access } from '../routing/route.ts';
import { type IdentifyDeps, identifyCaller, type TrustedIssuers } from './identify-caller.ts';

export type AccessDeps = IdentifyDeps & { readonly revocations: LiveRevocations };

/** About 10,000 tokens; their text counts towards the bytes. */
export function openVerifiedTokens(): VerifiedTokenCache {
  return new VerifiedTokenCache({ maxEntries: 20_000, maxBytes: 48 * 1024 * 1024 });
}

/**
 * Sets the exchange's principal, or throws. Waits only where a key has to be fetched first.
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
  const trust = access.kind === 'optional' ? ownOnly : access;
  const principal = identifyCaller(bearer.token, trust, x.snapshot.issuers, deps);
  if (principal instanceof Promise) {
    return principal.then((fetched) => checkPrincipal(x, fetched, access, deps));
  }
  return checkPrincipal(x, principal, access, deps);
}

const none = { kind: 'none' } as const;
const ownOnly = {};

function checkPrincipal(x: Exchange, principal: Principal, access: Access, deps: AccessDeps): void {
  const { revocations } = deps;
  const isUser = principal.kind === 'user';
  // Before the first load a revoked token could not be told from a living one.
  if (isUser && !revocations.isLoaded) throw new AppError('unavailable');
  if (!isAlive(principal, x.snapshot.issuers, deps)) {
    throw new AppError('invalid_token', { cause: new TokenFault('revoked', holderOf(principal)) });
  }
  // Known from here on, so that the record tells who was denied.
  x.principal = principal;
  if (access.kind !== 'roles') return;
  // A role may have been taken away in the time we know nothing of; other routes go on until the token expires.
  if (isUser && revocations.isStale()) throw new AppError('unavailable');
  if (hasRoles(principal, access)) return;
  throw new AppError('insufficient_role');
}

/** Whose a dead token was, where our audit log knows him. */
function holderOf(principal: Principal): TokenHolder | undefined {
  if (principal.kind !== 'user') return undefined;
  return { userId: principal.claims.sub, sessionId: principal.claims.sid };
}

function hasRoles({ roles: held }: Principal, { roles, rolesAll }: Access & { kind: 'roles' }): boolean {
  return (
    held.some((role) => roles.includes(role)) && (rolesAll?.every((role) => held.includes(role)) ?? true)
  );
}

/** Neither expired nor revoked, now. Open WebSockets are asked the same again and again. */
export function isAlive(
  principal: Principal,
  issuers: TrustedIssuers,
  deps: Pick<AccessDeps, 'nowMs' | 'clockSkewSeconds' | 'revocations'>,
): boolean {
  if (principal.kind === 'foreign') return issuers.get(principal.issuer)?.isAlive(principal, deps) === true;
  const { clockSkewSeconds, nowMs, revocations } = deps;
  const { claims } = principal;
  return (
    !isExpired(claims.exp, { nowSeconds: nowMs() / 1000, clockSkewSeconds }) && !revocations.isRevoked(claims)
  );
}
