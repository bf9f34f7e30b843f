// The one call for a service that verifies tokens itself. It holds no framework and asks nobody about a token:
// keys are fetched in the background, and what a token says is judged here. So it knows of no revocation: a
// token that was revoked is refused at the gateway at once, but here only when it expires.

import type { AccessTokenClaims } from './claims.ts';
import { openVerifier, type VerifierOptions } from './open-verifier.ts';
import { readBearer } from './read-bearer.ts';
import { type InvalidTokenReason, verifyAccessToken } from './verify.ts';

export type TokenVerifierOptions = VerifierOptions & {
  /** The `iss` of tokens, exactly: the product's PUBLIC_URL. */
  readonly issuer: string;
  /** The `aud` of tokens, exactly. The issuer itself when not given. */
  readonly audience?: string;
  /** Where the key set is. `/.well-known/jwks.json` of the issuer when not given. */
  readonly jwksUrl?: string;
};

export type TokenCheck =
  | { readonly kind: 'valid'; readonly claims: AccessTokenClaims }
  /** No bearer token was sent: 401. */
  | { readonly kind: 'missing' }
  /** Two Authorization headers or a list in one: 400. */
  | { readonly kind: 'ambiguous' }
  /** 401 `invalid_token`. The reason is for logs, not for the caller. */
  | { readonly kind: 'invalid'; readonly reason: InvalidTokenReason | 'unknown_key' }
  /** The key set has not been fetched yet: 503. */
  | { readonly kind: 'unavailable' };

export type TokenVerifier = {
  /**
   * Judges the token of a request's raw header lines (`IncomingMessage.rawHeaders`), or a token given as text.
   * Waits at most 5 s, and only for the first key set or for the key of a token that names one unknown here.
   * Never rejects.
   */
  readonly verify: (input: readonly string[] | string) => Promise<TokenCheck>;
  /** Ends the refreshing. An open verifier does not keep the process alive. */
  readonly close: () => void;
};

/**
 * Begins to fetch the keys and verifies with them from then on. Make one and keep it.
 * @throws {TypeError} when an option is malformed.
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { issuer, audience = issuer } = options;
  const { jwksUrl = `${issuer.replace(/\/$/, '')}/.well-known/jwks.json` } = options;
  return openVerifier({
    ...options,
    audience,
    jwksUrl,
    readToken: readBearer,
    verifyToken: verifyAccessToken,
  });
}
