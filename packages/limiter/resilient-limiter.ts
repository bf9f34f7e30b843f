// Redis first, memory at once when it fails: never unlimited, never everybody refused, and no error for a route.
// What Redis answers is remembered here, so that the local buckets go on where the shared ones stood, and so that
// a Redis that was flushed is told what it forgot. The first command that fails or is late switches to local
// counting; a probe in the background switches back, so that no request waits for a Redis known to be away.

import type { Log } from '@pi-gateway/log/log.ts';
import type { Bucket, Limiter } from './limiter.ts';
import type { MemoryBuckets } from './memory-buckets.ts';
import type { MemoryCounters } from './memory-counters.ts';
import type { RedisLimiter } from './redis-limiter.ts';
import { withinMs } from './within-ms.ts';

type LimiterMode = ReturnType<Limiter['mode']>;

export type ResilientLimiterOptions = {
  readonly redis: RedisLimiter;
  readonly buckets: MemoryBuckets;
  readonly counters: MemoryCounters;
  /** The part of each limit this process grants alone, over 0 up to 1: about 1 / number of processes. */
  readonly localShare: number;
  readonly log: Log;
  /** Told of each change, for a metric. */
  readonly onMode?: (mode: LimiterMode) => void;
  /** How long a request waits for Redis; 100 ms by default. */
  readonly answerMs?: number;
};

const probeMs = { first: 100, most: 1_000 };

/** Starts in local mode; `probe` looks for Redis at once, instead of when its time comes. */
export function createResilientLimiter(
  options: ResilientLimiterOptions,
): Limiter & { probe(): Promise<void> } {
  const { redis, buckets, counters, localShare, log, onMode, answerMs = 100 } = options;
  let mode: LimiterMode = 'local';
  let isClosed = false;
  let probeDelayMs = probeMs.first;
  let timer: NodeJS.Timeout | undefined;

  function become(next: LimiterMode): void {
    mode = next;
    onMode?.(next);
  }

  function probeLater(): void {
    clearTimeout(timer);
    if (isClosed) return;
    timer = setTimeout(() => void probe(), probeDelayMs).unref();
    probeDelayMs = Math.min(probeDelayMs * 2, probeMs.most);
  }

  /** A write, because a Redis that is read-only or full answers reads. */
  async function probe(): Promise<void> {
    try {
      await withinMs(redis.increment('probe', 1, 0), answerMs);
      if (mode === 'shared' || isClosed) return;
      log.info('limits are counted in Redis');
      probeDelayMs = probeMs.first;
      become('shared');
    } catch {
      probeLater();
    }
  }

  async function askRedis<T>(ask: () => Promise<T>, local: () => T): Promise<T> {
    if (mode === 'local') return local();
    try {
      return await withinMs(ask(), answerMs);
    } catch (error) {
      if (mode === 'shared') {
        log.warn({ reason: (error as Error).message }, 'limits are counted in this process alone');
        become('local');
        probeLater();
      }
      return local();
    }
  }

  // An answer that nobody waits for any more tells of a time before this process counted by itself: it never takes
  // back what was counted since.
  const known = (fromRedis: number, here: () => number): number =>
    mode === 'local' ? Math.max(fromRedis, here()) : fromRedis;

  function check(bucket: Bucket, how: 'take' | 'peek') {
    return askRedis(
      async () => {
        const { state, usedMicros } = await redis.check(bucket, how, buckets.used(bucket));
        if (usedMicros > 0) {
          buckets.remember(
            bucket,
            known(usedMicros, () => buckets.used(bucket)),
          );
        }
        return state;
      },
      () => buckets.check(localBucket(bucket, localShare), how),
    );
  }

  probeLater();
  return {
    take: (bucket) => check(bucket, 'take'),
    peek: (bucket) => check(bucket, 'peek'),
    reset(bucket) {
      buckets.reset(bucket);
      return askRedis(
        () => redis.reset(bucket),
        () => undefined,
      );
    },
    increment: (key, ttlSeconds) =>
      askRedis(
        async () => {
          const value = await redis.increment(key, ttlSeconds, counters.count(key));
          return counters.remember(key, value, ttlSeconds);
        },
        () => counters.increment(key, ttlSeconds),
      ),
    count: (key) =>
      askRedis(
        async () => (await redis.count(key)) ?? counters.count(key),
        () => counters.count(key),
      ),
    clear(key) {
      counters.clear(key);
      return askRedis(
        () => redis.clear(key),
        () => undefined,
      );
    },
    mode: () => mode,
    probe,
    close() {
      isClosed = true;
      clearTimeout(timer);
      redis.close();
      return Promise.resolve();
    },
  };
}

/** The same bucket with this process' part of the budget: fewer attempts, each costing more of the same period. */
function localBucket({ limit, key }: Bucket, localShare: number): Bucket {
  return { limit: { ...limit, count: Math.max(1, Math.floor(limit.count * localShare)) }, key };
}
