// Limits counted in this process alone: the embedded run, and whoever runs without Redis.

import type { Limiter } from './limiter.ts';
import { MemoryBuckets } from './memory-buckets.ts';
import { MemoryCounters } from './memory-counters.ts';

export type MemoryLimiterOptions = {
  /** The most buckets, and the most counters, that are held; about 200 bytes each. */
  readonly maxKeys?: number;
  /** Milliseconds from any start; monotonic by default, so that a jump of the clock changes no limit. */
  readonly nowMs?: () => number;
};

export const defaultMaxKeys = 100_000;

export function createMemoryLimiter(options: MemoryLimiterOptions = {}): Limiter {
  const { maxKeys = defaultMaxKeys, nowMs = () => performance.now() } = options;
  const buckets = new MemoryBuckets(maxKeys, nowMs);
  const counters = new MemoryCounters(maxKeys, nowMs);
  return {
    take: (bucket) => Promise.resolve(buckets.check(bucket, 'take')),
    peek: (bucket) => Promise.resolve(buckets.check(bucket, 'peek')),
    reset: (bucket) => Promise.resolve(buckets.reset(bucket)),
    increment: (key, ttlSeconds) => Promise.resolve(counters.increment(key, ttlSeconds)),
    count: (key) => Promise.resolve(counters.count(key)),
    clear: (key) => Promise.resolve(counters.clear(key)),
    mode: () => 'local',
    close: () => Promise.resolve(),
  };
}
