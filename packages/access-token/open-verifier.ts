// What verifiers of all our tokens share: keys fetched in the background, and tokens that have held remembered.

import { fetchJson } from './fetch-json.ts';
import type { Bearer } from './read-bearer.ts';
import { RemoteKeys } from './remote-keys.ts';
import { VerifiedTokenCache } from './verified-token-cache.ts';
import type { VerifyOptions } from './verify.ts';
import type { JwsFault, JwsVerification } from './verify-jws.ts';
import { verifyRemotely } from './verify-with-remote-keys.ts';

export type VerifierOptions = {
  /** Leeway on the times in a token: 0 to 300, 5 when not given. */
  readonly clockSkewSeconds?: number;
  /** Told why, whenever the key set could not be fetched. Must not throw. */
  readonly onFetchFailed?: (error: unknown) => void;
};

export type VerifierParts<C, F extends string> = VerifierOptions & {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  readonly readToken: (rawHeaders: readonly string[]) => Bearer;
  readonly verifyToken: (token: string, options: VerifyOptions) => JwsVerification<C, F>;
};

export type Check<C, F extends string> =
  | { readonly kind: 'valid'; readonly claims: C }
  | { readonly kind: 'missing' | 'ambiguous' | 'unavailable' }
  | { readonly kind: 'invalid'; readonly reason: JwsFault | F | 'expired' | 'unknown_key' };

export type Verifier<C, F extends string> = {
  readonly verify: (input: readonly string[] | string) => Promise<Check<C, F>>;
  readonly close: () => void;
};

/** @throws {TypeError} when an option is malformed. */
export function openVerifier<C extends { readonly exp: number }, F extends string>(
  parts: VerifierParts<C, F>,
): Verifier<C, F> {
  const { issuer, audience, jwksUrl, clockSkewSeconds = 5, readToken, verifyToken } = parts;
  checkOptions({ issuer, audience, jwksUrl, clockSkewSeconds });
  // About 10,000 tokens.
  const verified = new VerifiedTokenCache<C>({ maxEntries: 20_000, maxBytes: 48 * 1024 * 1024 });
  const keys = new RemoteKeys({
    fetchKeys: () => fetchJson(jwksUrl),
    onWithdrawn: () => verified.clear(),
    onFailed: (error) => parts.onFetchFailed?.(error),
  });
  const rules = { issuer, audience, clockSkewSeconds, keys, verified, nowMs: Date.now };
  const firstTry = keys.start();

  return {
    async verify(input) {
      const found = typeof input === 'string' ? ({ kind: 'token', token: input } as const) : readToken(input);
      if (found.kind === 'none') return { kind: 'missing' };
      if (found.kind === 'duplicate') return { kind: 'ambiguous' };
      if (!keys.isLoaded) await firstTry;
      const verification = await verifyRemotely(found.token, rules, verifyToken);
      return verification.kind === 'unknown_key' ? { kind: 'invalid', reason: 'unknown_key' } : verification;
    },
    close: () => keys.close(),
  };
}

function checkOptions({
  issuer,
  audience,
  jwksUrl,
  clockSkewSeconds,
}: {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  readonly clockSkewSeconds: number;
}): void {
  if (issuer === '' || audience === '') throw new TypeError('issuer and audience must not be empty');
  if (!URL.canParse(jwksUrl) || !/^https?:$/.test(new URL(jwksUrl).protocol)) {
    throw new TypeError(`jwksUrl: ${jwksUrl} is no http or https URL`);
  }
  if (!(clockSkewSeconds >= 0 && clockSkewSeconds <= 300)) {
    throw new TypeError('clockSkewSeconds: is not between 0 and 300');
  }
}
