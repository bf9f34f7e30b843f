// The one call for a service that verifies tokens itself. It holds no framework and asks nobody about a token:
// keys are fetched in the background, and what a token says is judged here. So it knows of no revocation: a
// token that was revoked is refused at the gateway at once, but here only when it expires.

import type { AccessTokenClaims } from './claims.ts';
import { fetchJson } from './fetch-json.ts';
import { readBearer } from './read-bearer.ts';
import { RemoteKeys } from './remote-keys.ts';
import { VerifiedTokenCache } from './verified-token-cache.ts';
import type { InvalidTokenReason } from './verify.ts';
import { type RemoteVerification, verifyWithRemoteKeys } from './verify-with-remote-keys.ts';

export type TokenVerifierOptions = {
  /** The `iss` of tokens, exactly: the product's PUBLIC_URL. */
  readonly issuer: string;
  /** The `aud` of tokens, exactly. The issuer itself when not given. */
  readonly audience?: string;
  /** Where the key set is. `/.well-known/jwks.json` of the issuer when not given. */
  readonly jwksUrl?: string;
  /** Leeway on the times in a token: 0 to 300, 5 when not given. */
  readonly clockSkewSeconds?: number;
  /** Told why, whenever the key set could not be fetched. Must not throw. */
  readonly onFetchFailed?: (error: unknown) => void;
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
  const { issuer, audience = issuer, clockSkewSeconds = 5 } = options;
  const { jwksUrl = `${issuer.replace(/\/$/, '')}/.well-known/jwks.json` } = options;
  checkOptions({ issuer, audience, jwksUrl, clockSkewSeconds });
  // About 10,000 tokens.
  const verified = new VerifiedTokenCache({ maxEntries: 20_000, maxBytes: 48 * 1024 * 1024 });
  const keys = new RemoteKeys({
    fetchKeys: () => fetchJson(jwksUrl),
    onWithdrawn: () => verified.clear(),
    onFailed: (error) => options.onFetchFailed?.(error),
  });
  const rules = { issuer, audience, clockSkewSeconds, keys, verified, nowMs: Date.now };
  const firstTry = keys.start();

  return {
    async verify(input) {
      const bearer =
        typeof input === 'string' ? ({ kind: 'token', token: input } as const) : readBearer(input);
      if (bearer.kind === 'none') return { kind: 'missing' };
      if (bearer.kind === 'duplicate') return { kind: 'ambiguous' };
      if (!keys.isLoaded) await firstTry;
      return tellCheck(await verifyWithRemoteKeys(bearer.token, rules));
    },
    close: () => keys.close(),
  };
}

function tellCheck(verification: RemoteVerification): TokenCheck {
  return verification.kind === 'unknown_key' ? { kind: 'invalid', reason: 'unknown_key' } : verification;
}

function checkOptions({
  issuer,
  audience,
  jwksUrl,
  clockSkewSeconds,
}: Required<Omit<TokenVerifierOptions, 'onFetchFailed'>>): void {
  if (issuer === '' || audience === '') throw new TypeError('issuer and audience must not be empty');
  if (!URL.canParse(jwksUrl) || !/^https?:$/.test(new URL(jwksUrl).protocol)) {
    throw new TypeError(`jwksUrl: ${jwksUrl} is no http or https URL`);
  }
  if (!(clockSkewSeconds >= 0 && clockSkewSeconds <= 300)) {
    throw new TypeError('clockSkewSeconds: is not between 0 and 300');
  }
}
