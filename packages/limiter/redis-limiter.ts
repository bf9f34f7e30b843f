// Limits counted in Redis, for all processes together: one script and one key per call. Every call may fail;
// resilient-limiter.ts has the answer for that.

import { readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import type { Redis } from 'ioredis';
import { bucketState, rateOf } from './gcra.ts';
import type { Bucket, BucketState } from './limiter.ts';

type Checked = { readonly state: BucketState; readonly usedMicros: number };

export interface RedisLimiter {
  /** @param rememberedMicros what the caller knows to be used of the bucket, in case Redis has forgotten it. */
  check(bucket: Bucket, mode: 'take' | 'peek', rememberedMicros: number): Promise<Checked>;
  reset(bucket: Bucket): Promise<void>;
  /** @param remembered what the caller knows the counter to be, in case Redis has forgotten it. */
  increment(key: string, ttlSeconds: number, remembered: number): Promise<number>;
  /** Undefined: there is no such counter, or Redis has forgotten it. */
  count(key: string): Promise<number | undefined>;
  clear(key: string): Promise<void>;
  close(): void;
}

type Scripts = {
  piGcra(key: string, ...args: readonly (string | number)[]): Promise<[limited: number, usedMicros: number]>;
  piGcraReset(key: string): Promise<number>;
  piCounter(key: string, ...args: readonly (string | number)[]): Promise<number>;
};

export function createRedisLimiter(redis: Redis): RedisLimiter {
  for (const [name, file] of [
    ['piGcra', 'gcra.lua'],
    ['piGcraReset', 'gcra-reset.lua'],
    ['piCounter', 'counter.lua'],
  ] as const) {
    redis.defineCommand(name, { numberOfKeys: 1, lua: readScript(file) });
  }
  // ioredis adds the commands to the client itself; its types cannot tell.
  const scripts = redis as Redis & Scripts;
  const gather = gatherWrites(redis);
  return {
    async check(bucket, mode, rememberedMicros) {
      gather();
      const rate = rateOf(bucket.limit);
      const take = mode === 'take' ? 1 : 0;
      const { intervalMicros, burstMicros } = rate;
      const reply = await scripts.piGcra(
        bucketKey(bucket),
        intervalMicros,
        burstMicros,
        take,
        rememberedMicros,
      );
      const [limited, usedMicros] = reply;
      return { state: bucketState(rate, limited === 1, usedMicros), usedMicros };
    },
    async reset(bucket) {
      gather();
      await scripts.piGcraReset(bucketKey(bucket));
    },
    increment(key, ttlSeconds, remembered) {
      gather();
      return scripts.piCounter(counterKey(key), 'add', remembered, ttlSeconds * 1000);
    },
    async count(key) {
      gather();
      const value = await redis.get(counterKey(key));
      return value === null ? undefined : Number(value);
    },
    async clear(key) {
      gather();
      await scripts.piCounter(counterKey(key), 'clear');
    },
    close: () => redis.disconnect(),
  };
}

/**
 * What is asked from here to the end of this turn of the event loop goes out in one write. Each by itself would wake Redis,
 * which on a busy machine takes the processor from whoever still has the rest to ask.
 */
function gatherWrites(redis: Redis): () => void {
  let isGathering = false;
  return () => {
    // None before the first connection, another one after each.
    const { stream } = redis as { readonly stream?: Writable };
    if (isGathering || stream === undefined) return;
    isGathering = true;
    stream.cork();
    setImmediate(() => {
      isGathering = false;
      stream.uncork();
    });
  };
}

export function readScript(file: 'gcra.lua' | 'gcra-reset.lua' | 'counter.lua'): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}

function bucketKey({ limit, key }: Bucket): string {
  return `pi:limit:${limit.name}:${key}`;
}

function counterKey(key: string): string {
  return `pi:count:${key}`;
}
