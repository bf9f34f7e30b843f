// Where it is decided how limits are counted: without Redis in memory, with it shared and memory behind it. A
// Redis that is away does not stop the start.

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connectRedis } from '@pi-gateway/redis-client/connect-redis.ts';
import type { Limiter } from './limiter.ts';
import { MemoryBuckets } from './memory-buckets.ts';
import { MemoryCounters } from './memory-counters.ts';
import { createMemoryLimiter, defaultMaxKeys } from './memory-limiter.ts';
import { createRedisLimiter } from './redis-limiter.ts';
import { createResilientLimiter, type ResilientLimiterOptions } from './resilient-limiter.ts';

export type OpenLimiterOptions = Pick<
  ResilientLimiterOptions,
  'log' | 'localShare' | 'onMode' | 'answerMs'
> & {
  /** Undefined: in memory. */
  readonly redisUrl: string | undefined;
};

const connectMs = 1_000;
// For the handshake and for what nobody waits for any more; a request waits a tenth of that.
const commandTimeoutMs = 1_000;

/** Waits a second at most for Redis; never fails because it is away. */
export async function openLimiter({ redisUrl, ...options }: OpenLimiterOptions): Promise<Limiter> {
  if (redisUrl === undefined) return createMemoryLimiter();
  const redis = connectRedis({ url: redisUrl, name: 'limiter', commandTimeoutMs, log: options.log });
  const now = () => performance.now();
  const limiter = createResilientLimiter({
    redis: createRedisLimiter(redis),
    buckets: new MemoryBuckets(defaultMaxKeys, now),
    counters: new MemoryCounters(defaultMaxKeys, now),
    ...options,
  });
  const ready = once(redis, 'ready').catch(() => undefined);
  await Promise.race([ready, delay(connectMs, undefined, { ref: false })]);
  await limiter.probe();
  return limiter;
}
