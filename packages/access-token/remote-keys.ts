// The keys that tokens are verified with: fetched in the background, never on a request's path but for a kid
// that is not known. The last good set stays in force whatever a later fetch brings. Two bounds keep callers
// from making it fetch: one fetch at a time, shared by all who need it, and a cooldown between two for kids.

import { readJwks, type VerificationKey } from './jwks.ts';

/** A key as it is told from others: by its kid, and by what it is. */
type NamedKey = Pick<VerificationKey, 'kid' | 'key'>;

export type RemoteKeysOptions<K extends NamedKey = VerificationKey> = {
  /** Resolves to the JWK Set as parsed JSON. */
  readonly fetchKeys: () => Promise<unknown>;
  /** The usable keys of a set by their kid; throws to have the last good set kept. Ours (ES256) when not given. */
  readonly readKeys?: (json: unknown) => ReadonlyMap<string, K>;
  /** Called when a key that was there is gone: tokens verified with it must be verified anew. */
  readonly onWithdrawn?: () => void;
  /** Called with the reason whenever a fetch brought no usable set. */
  readonly onFailed?: (error: unknown) => void;
  /** Whether a key was withdrawn, whatever a set that is out of date says. */
  readonly isRevoked?: (kid: string) => boolean;
  /** Shorter than a third of the least time between a key's publication and its first use, 15 s. */
  readonly refreshMs?: number;
  /** The longest time between two tries while none has brought a set. */
  readonly retryMaxMs?: number;
  /** The least time between two fetches for unknown kids. */
  readonly cooldownMs?: number;
  /** A clock that never goes back: set back, one by the wall would stretch the cooldown. */
  readonly nowMs?: () => number;
};

const retryMsMin = 100;
const retryMsMax = 2000;
const retryLoadedMs = 5000;

export class RemoteKeys<K extends NamedKey = VerificationKey> {
  current: ReadonlyMap<string, K> = new Map();
  isLoaded = false;
  #loadedAtMs = 0;
  #refetchedAtMs = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #retryMs = retryMsMin;
  readonly #options: RemoteKeysOptions<K>;
  readonly #readKeys: (json: unknown) => ReadonlyMap<string, K>;
  readonly #retryMaxMs: number;
  readonly #nowMs: () => number;
  readonly #refreshMs: number;
  readonly #cooldownMs: number;

  constructor(options: RemoteKeysOptions<K>) {
    this.#options = options;
    // Whoever has other keys than ours gives the reader of them along.
    this.#readKeys = (options.readKeys ?? readJwks) as (json: unknown) => ReadonlyMap<string, K>;
    this.#retryMaxMs = options.retryMaxMs ?? retryMsMax;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#refreshMs = options.refreshMs ?? 5000;
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

  /** Lets go of withdrawn keys at once, then fetches what signs in their place, whatever the cooldown says. */
  dropRevoked(): void {
    const kept = this.#withoutRevoked(this.current);
    if (kept.size < this.current.size) {
      this.current = kept;
      this.#options.onWithdrawn?.();
    }
    // A fetch that is under way may have been answered before the new key was there.
    void (this.#underWay ?? Promise.resolve()).then(() => (this.#isClosed ? undefined : this.#load()));
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
      const isBehind = this.#take(this.#readKeys(await this.#options.fetchKeys()));
      if (isBehind) nextMs = this.#backOffMs();
      else this.#retryMs = retryMsMin;
    } catch (error) {
      const retryMs = Math.min(this.#refreshMs, Math.max(retryLoadedMs, this.#retryMaxMs));
      nextMs = this.current.size > 0 ? retryMs : this.#backOffMs();
      this.#options.onFailed?.(error);
    }
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#load(), nextMs).unref();
  }

  #backOffMs(): number {
    const nextMs = this.#retryMs;
    this.#retryMs = Math.min(nextMs * 2, this.#retryMaxMs);
    return nextMs;
  }

  #withoutRevoked(keys: ReadonlyMap<string, K>): ReadonlyMap<string, K> {
    return new Map([...keys].filter(([kid]) => this.#options.isRevoked?.(kid) !== true));
  }

  /** True when the set is older than a revocation: the process that gave it has not followed yet. */
  #take(fetched: ReadonlyMap<string, K>): boolean {
    // An empty set is no answer a working issuer gives: it would lock everybody out.
    if (fetched.size === 0) throw new Error('JWKS: no usable key in it');
    const keys = this.#withoutRevoked(fetched);
    const before = this.current;
    this.current = keys;
    this.isLoaded = true;
    this.#loadedAtMs = this.#nowMs();
    const isWithdrawn = [...before.values()].some(({ kid, key }) => keys.get(kid)?.key.equals(key) !== true);
    if (isWithdrawn) this.#options.onWithdrawn?.();
    return keys.size < fetched.size;
  }
}
