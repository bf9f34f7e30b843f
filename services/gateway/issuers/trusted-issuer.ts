// An issuer of the file at run time: its keys, fetched in the background, and the tokens whose signature has held.
// A token seen before costs a look-up; only a key that is not known may make a request wait, for the one fetch that a
// cooldown permits.

import { isExpired } from '@pi-gateway/access-token/claims.ts';
import { RemoteKeys } from '@pi-gateway/access-token/remote-keys.ts';
import { VerifiedTokenCache } from '@pi-gateway/access-token/verified-token-cache.ts';
import type { Log } from '@pi-gateway/log/log.ts';
import type { ForeignPrincipal } from '../principal.ts';
import type { Issuer } from '../routing/route.ts';
import { createKeyFetcher } from './fetch-keys.ts';
import { type ForeignKey, readForeignJwks } from './foreign-jwks.ts';
import { type ForeignVerification, verifyForeignToken } from './verify-foreign-token.ts';

export type TokenClock = { readonly nowMs: () => number; readonly clockSkewSeconds: number };

/** A withdrawn key is followed within this; a new one at once, by the first token that names it. */
const refreshMs = 300_000;
const cooldownMs = 10_000;
const retryMaxMs = 30_000;

export class TrustedIssuer {
  readonly config: Issuer;
  readonly keys: RemoteKeys<ForeignKey>;
  // About 2,500 tokens.
  readonly #verified = new VerifiedTokenCache<ForeignPrincipal>({
    maxEntries: 5000,
    maxBytes: 16 * 1024 * 1024,
  });

  /** Begins to fetch the keys. */
  constructor(config: Issuer, log: Log) {
    this.config = config;
    this.keys = new RemoteKeys<ForeignKey>({
      fetchKeys: createKeyFetcher(config),
      readKeys: (json) => readForeignJwks(json, config.algorithms),
      refreshMs,
      cooldownMs,
      retryMaxMs,
      onWithdrawn: () => this.#verified.clear(),
      onFailed: (error) =>
        log.warn({ err: error, issuer: config.name }, 'the keys of an issuer could not be fetched'),
    });
    void this.keys.start();
  }

  /** The principal of a token that was verified before and has not expired. */
  remembered(token: string, clock: TokenClock): ForeignPrincipal | undefined {
    const known = this.#verified.get(token);
    return known !== undefined && this.isAlive(known, clock) ? known : undefined;
  }

  /** A promise only where keys have to be fetched first; never rejects. */
  verify(
    token: string,
    clock: TokenClock,
  ): ForeignVerification | 'unavailable' | Promise<ForeignVerification | 'unavailable'> {
    const verification = this.#verify(token, clock);
    if (verification.kind !== 'unknown_key') return verification;
    const fetched = this.keys.refetch();
    if (fetched !== undefined) {
      return fetched.then(() => (this.keys.isLoaded ? this.#verify(token, clock) : 'unavailable'));
    }
    return this.keys.isLoaded ? verification : 'unavailable';
  }

  /**
   * Neither expired nor signed with a key that is gone. Open WebSockets are asked the same again and again; while a
   * changed file has its keys yet to be fetched, none is known to be gone.
   */
  isAlive({ exp, kid }: ForeignPrincipal, { nowMs, clockSkewSeconds }: TokenClock): boolean {
    const isExpiredNow = isExpired(exp, { nowSeconds: nowMs() / 1000, clockSkewSeconds });
    return !isExpiredNow && (!this.keys.isLoaded || this.keys.current.has(kid));
  }

  close(): void {
    this.keys.close();
  }

  #verify(token: string, { nowMs, clockSkewSeconds }: TokenClock): ForeignVerification {
    const verification = verifyForeignToken(token, {
      issuer: this.config,
      keys: this.keys.current,
      clockSkewSeconds,
      nowSeconds: nowMs() / 1000,
    });
    if (verification.kind === 'valid') this.#verified.set(token, verification.principal);
    return verification;
  }
}
