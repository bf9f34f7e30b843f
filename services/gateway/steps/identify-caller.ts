// Whose token is it? By default only our own auth's is taken; where a route takes others too, what the token says of
// its issuer chooses who verifies it, and that one believes nothing of it unproven. Only a signature's result is
// remembered.

import type { AccessTokenClaims } from '@pi-gateway/access-token/claims.ts';
import type { RemoteKeys } from '@pi-gateway/access-token/remote-keys.ts';
import type { VerifiedTokenCache } from '@pi-gateway/access-token/verified-token-cache.ts';
import {
  type RemoteVerification,
  verifyWithRemoteKeys,
} from '@pi-gateway/access-token/verify-with-remote-keys.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { TokenFault } from '@pi-gateway/problem/token-fault.ts';
import type { TrustedIssuer } from '../issuers/trusted-issuer.ts';
import { claimedIssuer, type ForeignVerification } from '../issuers/verify-foreign-token.ts';
import { type Principal, userPrincipal } from '../principal.ts';
import { ownIssuerName } from '../routing/read-issuer.ts';
import type { Trust } from '../routing/route.ts';

export type IdentifyDeps = {
  readonly keys: RemoteKeys;
  readonly verified: VerifiedTokenCache;
  /** Issuer and audience of our own tokens alike. */
  readonly publicUrl: string;
  readonly clockSkewSeconds: number;
  readonly nowMs: () => number;
};

export type TrustedIssuers = ReadonlyMap<string, TrustedIssuer>;

/**
 * The principal of a token that holds; a promise only where a key has to be fetched first.
 * @throws {AppError} invalid_token, unavailable.
 */
export function identifyCaller(
  token: string,
  { issuers: names, audience }: Trust,
  trusted: TrustedIssuers,
  deps: IdentifyDeps,
): Principal | Promise<Principal> {
  if (names === undefined) return identifyUser(token, deps);
  const others = names.map((name) => trusted.get(name)).filter((issuer) => issuer !== undefined);
  const takesOwn = names.includes(ownIssuerName);
  if (takesOwn && deps.verified.get(token) !== undefined) return identifyUser(token, deps);
  for (const issuer of others) {
    const known = issuer.remembered(token, deps);
    if (known !== undefined) return readForeign({ kind: 'valid', principal: known }, audience);
  }
  const claimed = claimedIssuer(token);
  if (takesOwn && claimed === deps.publicUrl) return identifyUser(token, deps);
  const issuer = others.find(({ config }) => config.issuer === claimed);
  if (issuer === undefined) throw refuseToken('issuer');
  const verification = issuer.verify(token, deps);
  return verification instanceof Promise
    ? verification.then((fetched) => readForeign(fetched, audience))
    : readForeign(verification, audience);
}

function identifyUser(token: string, deps: IdentifyDeps): Principal | Promise<Principal> {
  // The common case first, and without the copy of all of `deps` that the other one makes.
  const known = deps.verified.get(token);
  if (known !== undefined) return userPrincipal(known);
  const { publicUrl } = deps;
  const verification = verifyWithRemoteKeys(token, { ...deps, issuer: publicUrl, audience: publicUrl });
  const read = (result: RemoteVerification) => userPrincipal(claimsOf(result));
  return verification instanceof Promise ? verification.then(read) : read(verification);
}

function claimsOf(verification: RemoteVerification): AccessTokenClaims {
  if (verification.kind === 'valid') return verification.claims;
  // Without keys nothing can be told of a token: closed, and said to be our fault.
  if (verification.kind === 'unavailable') throw new AppError('unavailable');
  throw refuseToken(verification.kind === 'invalid' ? verification.reason : 'unknown_key');
}

function readForeign(
  verification: ForeignVerification | 'unavailable',
  audience: readonly string[] | undefined,
): Principal {
  if (verification === 'unavailable') throw new AppError('unavailable');
  if (verification.kind !== 'valid') {
    throw refuseToken(verification.kind === 'invalid' ? verification.reason : 'unknown_key');
  }
  const { principal } = verification;
  if (audience !== undefined && !principal.audiences.some((one) => audience.includes(one))) {
    throw refuseToken('audience');
  }
  return principal;
}

/** `fault` is for the audit log; the answer says nothing of it. */
function refuseToken(fault: string): AppError {
  return new AppError('invalid_token', { cause: new TokenFault(fault) });
}
