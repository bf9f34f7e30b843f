// The one call for a service that wants proof that a request came through the gateway: for services with
// `identity: token` in gateway.yaml. Like createTokenVerifier it holds no framework and asks nobody about a token.

import {
  type InternalClaimsFault,
  type InternalTokenClaims,
  internalIssuer,
  internalKeysPath,
  verifyInternalToken,
} from './internal-token.ts';
import { openVerifier, type VerifierOptions } from './open-verifier.ts';
import { readInternalToken } from './read-internal-token.ts';
import type { JwsFault } from './verify-jws.ts';

export type InternalTokenVerifierOptions = VerifierOptions & {
  /** The PUBLIC_URL of the gateway: tokens name `<gateway>/gateway` as their `iss`. */
  readonly gateway: string;
  /** The service's own name in gateway.yaml: what `aud` must be. */
  readonly audience: string;
  /** Where the gateway's key set is. `/.well-known/gateway-jwks.json` of the gateway when not given. */
  readonly jwksUrl?: string;
};

/** What a token must be for, beside the service. */
export type ExpectedRequest = {
  /** The request's method. */
  readonly method?: string | undefined;
  /** The route as it stands in gateway.yaml: its host, where it names one, and its path. */
  readonly route?: string | undefined;
};

export type InternalTokenCheck =
  | { readonly kind: 'valid'; readonly claims: InternalTokenClaims }
  /** The request has no token: a public route, or it did not come through the gateway. */
  | { readonly kind: 'missing' }
  /** There are two. */
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'invalid'; readonly reason: JwsFault | InternalClaimsFault | 'unknown_key' }
  /** The key set has not been fetched yet: 503. */
  | { readonly kind: 'unavailable' };

export type InternalTokenVerifier = {
  /**
   * Judges the token of a request's raw header lines (`IncomingMessage.rawHeaders`), or a token given as text.
   * Waits at most 5 s, and only for the first key set or for the key of a token that names one unknown here.
   * Never rejects.
   */
  readonly verify: (
    input: readonly string[] | string,
    expected?: ExpectedRequest,
  ) => Promise<InternalTokenCheck>;
  /** Ends the refreshing. An open verifier does not keep the process alive. */
  readonly close: () => void;
};

/**
 * Begins to fetch the keys and verifies with them from then on. Make one and keep it.
 * @throws {TypeError} when an option is malformed.
 */
export function createInternalTokenVerifier(options: InternalTokenVerifierOptions): InternalTokenVerifier {
  const gateway = options.gateway.replace(/\/$/, '');
  const { verify, close } = openVerifier({
    ...options,
    issuer: gateway === '' ? '' : internalIssuer(gateway),
    jwksUrl: options.jwksUrl ?? `${gateway}${internalKeysPath}`,
    readToken: readInternalToken,
    verifyToken: verifyInternalToken,
  });
  return {
    async verify(input, expected = {}) {
      const check = await verify(input);
      if (check.kind !== 'valid') return check;
      const { method, route } = check.claims;
      if ((expected.method ?? method) !== method) return { kind: 'invalid', reason: 'method' };
      if ((expected.route ?? route) !== route) return { kind: 'invalid', reason: 'route' };
      return check;
    },
    close,
  };
}
