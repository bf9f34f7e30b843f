// The buckets of one process: GCRA over a bounded map. Synchronous, so that a check and its count cannot be
// parted by another request.

import { BoundedMap } from './bounded-map.ts';
import { bucketState, gcra, rateOf } from './gcra.ts';
import type { Bucket, BucketState } from './limiter.ts';

type Entry = { readonly tat: number; readonly burstMicros: number };

export class MemoryBuckets {
  readonly #entries: BoundedMap<Entry>;
  readonly #nowMicros: () => number;

  constructor(maxKeys: number, nowMs: () => number) {
    this.#nowMicros = () => Math.floor(nowMs() * 1000);
    // The share of a bucket that is used: full ones are worth nothing, used-up ones most.
    this.#entries = new BoundedMap(maxKeys, (entry) => (entry.tat - this.#nowMicros()) / entry.burstMicros);
  }

  /** Buckets held, those included that are full again. */
  get size(): number {
    return this.#entries.size;
  }

  check(bucket: Bucket, mode: 'take' | 'peek'): BucketState {
    const rate = rateOf(bucket.limit);
    const now = this.#nowMicros();
    const key = keyOf(bucket);
    const { limited, usedMicros, tat } = gcra(this.#entries.get(key)?.tat, now, rate, mode);
    if (mode === 'take' && tat !== undefined) this.#entries.set(key, { tat, burstMicros: rate.burstMicros });
    return bucketState(rate, limited, usedMicros);
  }

  reset(bucket: Bucket): void {
    this.#entries.delete(keyOf(bucket));
  }

  /** Microseconds of the bucket that are used. */
  used(bucket: Bucket): number {
    const entry = this.#entries.get(keyOf(bucket));
    return entry === undefined ? 0 : Math.max(0, entry.tat - this.#nowMicros());
  }

  /** Sets how much of a bucket is used, as somebody else counted it. */
  remember(bucket: Bucket, usedMicros: number): void {
    const { burstMicros } = rateOf(bucket.limit);
    this.#entries.set(keyOf(bucket), { tat: this.#nowMicros() + usedMicros, burstMicros });
  }
}

function keyOf({ limit, key }: Bucket): string {
  return `${limit.name}:${key}`;
}
