// Verifies a token with keys that are fetched: a token seen before costs a map look-up, a new one a signature
// check, and only an unknown kid may wait, for the one fetch a cooldown permits. Only the signature's result is
// remembered; the expiry is judged each time, by the caller's clock.

import { type AccessTokenClaims, type ClaimsRules, isExpired } from './claims.ts';
import type { RemoteKeys } from './remote-keys.ts';
import type { VerifiedTokenCache } from './verified-token-cache.ts';
import { type Verification, type VerifyOptions, verifyAccessToken } from './verify.ts';
import type { JwsVerification } from './verify-jws.ts';

/** `unavailable`: no key set was ever loaded, so that nothing can be told of any token. */
export type RemoteVerification = OrUnavailable<Verification>;
type OrUnavailable<V> = V | { readonly kind: 'unavailable' };

export type RemoteVerifyOptions<C = AccessTokenClaims> = Omit<ClaimsRules, 'nowSeconds'> & {
  readonly keys: RemoteKeys;
  /** The owner of `keys` clears it when a key is withdrawn. */
  readonly verified: VerifiedTokenCache<C>;
  readonly nowMs: () => number;
};

/** As `verifyAccessToken`; a promise only where a key has to be fetched first. Never throws, never rejects. */
export function verifyWithRemoteKeys(
  token: string,
  options: RemoteVerifyOptions,
): RemoteVerification | Promise<RemoteVerification> {
  return verifyRemotely(token, options, verifyAccessToken);
}

/** The same for any kind of token, judged by `verify`. */
export function verifyRemotely<C extends { readonly exp: number }, F extends string>(
  token: string,
  options: RemoteVerifyOptions<C>,
  verify: (token: string, options: VerifyOptions) => JwsVerification<C, F>,
):
  | OrUnavailable<JwsVerification<C, F | 'expired'>>
  | Promise<OrUnavailable<JwsVerification<C, F | 'expired'>>> {
  const known = options.verified.get(token);
  if (known !== undefined) {
    return isExpired(known.exp, rulesNow(options))
      ? { kind: 'invalid', reason: 'expired' }
      : { kind: 'valid', claims: known };
  }
  if (!options.keys.isLoaded) return { kind: 'unavailable' };
  const verifyOnce = (): JwsVerification<C, F> => {
    const verification = verify(token, { ...rulesNow(options), keys: options.keys.current });
    if (verification.kind === 'valid') options.verified.set(token, verification.claims);
    return verification;
  };
  const first = verifyOnce();
  if (first.kind !== 'unknown_key') return first;
  return options.keys.refetch()?.then(verifyOnce) ?? first;
}

function rulesNow<C>({ issuer, audience, clockSkewSeconds, nowMs }: RemoteVerifyOptions<C>): ClaimsRules {
  return { issuer, audience, clockSkewSeconds, nowSeconds: nowMs() / 1000 };
}
