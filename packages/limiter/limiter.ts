// The one interface to limits. Which implementation runs (Redis, memory, Redis with memory behind it) is
// decided where dependencies are opened; no route knows.

/** A rate: a burst of `count`, then one back every `periodSeconds / count` (GCRA). */
export type Limit = {
  /** Stands in `RateLimit-Policy` and in the key: `login-ip`, `login-account` … */
  readonly name: string;
  readonly count: number;
  readonly periodSeconds: number;
};

/** One bucket of one limit. `key` holds no personal data in clear: addresses of accounts come as a keyed hash. */
export type Bucket = { readonly limit: Limit; readonly key: string };

export type BucketState = {
  /** True: the attempt is refused and was not counted (of `peek`: it would be). */
  readonly limited: boolean;
  /** Whole attempts left at once. */
  readonly remaining: number;
  /** Seconds, rounded up, until one more attempt is there; 0 when the bucket is full. */
  readonly resetSeconds: number;
};

export interface Limiter {
  /** Counts one attempt if the bucket has room; otherwise changes nothing. */
  take(bucket: Bucket): Promise<BucketState>;
  /** Tells the state without counting. */
  peek(bucket: Bucket): Promise<BucketState>;
  /** Empties a bucket, as after a successful login. */
  reset(bucket: Bucket): Promise<void>;
  /** Adds one to a plain counter that vanishes `ttlSeconds` after its last change; returns the new value. */
  increment(key: string, ttlSeconds: number): Promise<number>;
  /** A plain counter's value, 0 when there is none. */
  count(key: string): Promise<number>;
  /** Removes a plain counter. */
  clear(key: string): Promise<void>;
  /** `shared`: Redis answers; `local`: the memory twin does (by choice, or because Redis is away). */
  mode(): 'shared' | 'local';
  close(): Promise<void>;
}
