// The keys that tokens are verified with: fetched in the background, never on a request's path but for a kid
// that is not known. The last good set stays in force whatever a later fetch brings. Two bounds keep callers
// from making it fetch: one fetch at a time, shared by all who need it, and a cooldown between two for kids.

import { readJwks, type VerificationKey } from './jwks.ts';

export type RemoteKeysOptions = {
  /** Resolves to the JWK Set as parsed JSON. */
  readonly fetchKeys: () => Promise<unknown>;
  /** Called when a key that was there is gone: tokens verified with it must be verified anew. */
  readonly onWithdrawn?: () => void;
  /** Called with the reason whenever a fetch brought no usable set. */
  readonly onFailed?: (error: unknown) => void;
  readonly refreshMs?: number;
  /** The least time between two fetches for unknown kids. */
  readonly cooldownMs?: number;
  /** A clock that never goes back: set back, one by the wall would stretch the cooldown. */
  readonly nowMs?: () => number;
};

const retryMsMin = 100;
const retryMsMax = 2000;
const retryLoadedMs = 5000;

export class RemoteKeys {
  current: ReadonlyMap<string, VerificationKey> = new Map();
  isLoaded = false;
  #loadedAtMs = 0;
  #refetchedAtMs = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #retryMs = retryMsMin;
  readonly #options: RemoteKeysOptions;
  readonly #nowMs: () => number;
  readonly #refreshMs: number;
  readonly #cooldownMs: number;

  constructor(options: RemoteKeysOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#refreshMs = options.refreshMs ?? 60_000;
    this.#cooldownMs = options.cooldownMs ?? 5000;
  }

  /** Begins to load and goes on refreshing; resolves after the first try, whatever came of it. */
  start(): Promise<void> {
    return this.#load();
  }

  /** Milliseconds since the set was last confirmed; Infinity before the first load. */
  ageMs(): number {
    return this.isLoaded ? this.#nowMs() - this.#loadedAtMs : Number.POSITIVE_INFINITY;
  }

  /** Fetches for a kid that is not known. undefined: within the cooldown, there is nothing to wait for. */
  refetch(): Promise<void> | undefined {
    if (this.#isClosed) return undefined;
    if (this.#underWay !== undefined) return this.#underWay;
    const nowMs = this.#nowMs();
    if (nowMs - this.#refetchedAtMs < this.#cooldownMs) return undefined;
    this.#refetchedAtMs = nowMs;
    return this.#load();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** One fetch at a time: whoever comes while it is under way shares it. Never rejects. */
  #load(): Promise<void> {
    this.#underWay ??= this.#fetch().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #fetch(): Promise<void> {
    clearTimeout(this.#timer);
    let nextMs = this.#refreshMs;
    try {
      this.#take(readJwks(await this.#options.fetchKeys()));
      this.#retryMs = retryMsMin;
    } catch (error) {
      nextMs = this.isLoaded ? Math.min(this.#refreshMs, retryLoadedMs) : this.#retryMs;
      this.#retryMs = Math.min(this.#retryMs * 2, retryMsMax);
      this.#options.onFailed?.(error);
    }
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#load(), nextMs).unref();
  }

  #take(keys: ReadonlyMap<string, VerificationKey>): void {
    // An empty set is no answer a working issuer gives: it would lock everybody out.
    if (keys.size === 0) throw new Error('JWKS: no ES256 key in it');
    const before = this.current;
    this.current = keys;
    this.isLoaded = true;
    this.#loadedAtMs = this.#nowMs();
    const isWithdrawn = [...before.values()].some(({ kid, key }) => keys.get(kid)?.key.equals(key) !== true);
    if (isWithdrawn) this.#options.onWithdrawn?.();
  }
}
