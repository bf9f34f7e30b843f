import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { createLog } from '@pi-gateway/log/log.ts';
import { Redis } from 'ioredis';
import { startTestRedis } from '../../launch/testing/test-redis.ts';
import { startFaultProxy } from '../../tests/failure/fault-proxy.ts';
import type { Limiter } from './limiter.ts';
import { MemoryBuckets } from './memory-buckets.ts';
import { MemoryCounters } from './memory-counters.ts';
import { openLimiter } from './open-limiter.ts';
import type { RedisLimiter } from './redis-limiter.ts';
import { createResilientLimiter } from './resilient-limiter.ts';

const log = createLog({ service: 'test', level: 'silent' });
let server: Awaited<ReturnType<typeof startTestRedis>>;
let admin: Redis;
let made = 0;

before(async () => {
  server = await startTestRedis();
  admin = new Redis(server.url);
});
after(async () => {
  admin.disconnect();
  await server.stop();
});

// A busy machine is not what these tests are about: only the one of a silent Redis keeps the time.
async function open(t: TestContext, redisUrl: string | undefined, answerMs = 5_000) {
  const modes: string[] = [];
  const onMode = (mode: string) => modes.push(mode);
  const limiter = await openLimiter({ redisUrl, log, localShare: 0.5, onMode, answerMs });
  t.after(() => limiter.close());
  return { limiter, modes };
}

async function proxy(t: TestContext, fault: 'none' | 'away' = 'none') {
  const started = await startFaultProxy(server.url, fault);
  t.after(() => started.stop());
  return started;
}

async function becomes(limiter: Limiter, mode: 'shared' | 'local'): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (limiter.mode() !== mode) {
    assert.ok(performance.now() < deadline, `not ${mode} in time`);
    await delay(5);
  }
}

/** A bucket nobody used, of `count` attempts an hour. */
function freshBucket(count: number) {
  made += 1;
  return { limit: { name: 'test', count, periodSeconds: 3600 }, key: `key${made}` };
}

async function allowed(
  limiter: Limiter,
  bucket: ReturnType<typeof freshBucket>,
  tries: number,
): Promise<number> {
  let count = 0;
  for (let i = 0; i < tries; i += 1) if (!(await limiter.take(bucket)).limited) count += 1;
  return count;
}

describe('with Redis', () => {
  test('several processes share one budget, also when they ask at the same time', async (t) => {
    const { limiter: one } = await open(t, server.url);
    const { limiter: two } = await open(t, server.url);
    assert.equal(one.mode(), 'shared');
    const bucket = freshBucket(20);
    const states = await Promise.all(
      Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? one : two).take(bucket)),
    );
    assert.equal(states.filter(({ limited }) => !limited).length, 20);
    const { resetSeconds, ...rest } = await two.peek(bucket);
    assert.deepEqual(rest, { limited: true, remaining: 0 });
    assert.ok(resetSeconds > 170 && resetSeconds <= 180);
  });

  test('a reset by one process holds for all, although others remember the bucket', async (t) => {
    const { limiter: one } = await open(t, server.url);
    const { limiter: two } = await open(t, server.url);
    const bucket = freshBucket(3);
    assert.equal(await allowed(one, bucket, 4), 3);
    await two.reset(bucket);
    assert.equal(await allowed(one, bucket, 4), 3);
    await one.increment('failures', 60);
    await two.clear('failures');
    assert.equal(await one.count('failures'), 0);
    assert.equal(await one.increment('failures', 60), 1);
  });

  test('keys are where they are said to be, and each one expires', async (t) => {
    const { limiter } = await open(t, server.url);
    await limiter.take({ limit: { name: 'login-ip', count: 2, periodSeconds: 60 }, key: '192.0.2.1' });
    await limiter.increment('login-failures:x', 60);
    const ttl = await admin.pttl('pi:limit:login-ip:192.0.2.1');
    assert.ok(ttl > 29_000 && ttl <= 31_001, `${ttl}`);
    const counterTtl = await admin.pttl('pi:count:login-failures:x');
    assert.ok(counterTtl > 59_000 && counterTtl <= 61_000, `${counterTtl}`);
    for (const key of await admin.keys('*')) assert.ok((await admin.pttl(key)) > 0, key);
  });

  test('a flush, and lost scripts, give nobody a new budget', async (t) => {
    const { limiter } = await open(t, server.url);
    const bucket = freshBucket(5);
    const half = freshBucket(6);
    assert.equal(await allowed(limiter, bucket, 6), 5);
    assert.equal(await allowed(limiter, half, 3), 3);
    for (let i = 0; i < 7; i += 1) await limiter.increment('guesses', 60);
    await admin.flushall();
    await admin.script('FLUSH');
    assert.equal(await limiter.count('guesses'), 7);
    assert.equal(await limiter.increment('guesses', 60), 8);
    assert.equal(await allowed(limiter, bucket, 3), 0);
    assert.equal(await allowed(limiter, half, 6), 3);
    assert.equal(limiter.mode(), 'shared');
  });
});

describe('Redis away', () => {
  test('at the start: it opens all the same, with its share of the budget, and finds Redis later', async (t) => {
    const wire = await proxy(t, 'away');
    const { limiter, modes } = await open(t, wire.url);
    assert.equal(limiter.mode(), 'local');
    assert.equal(await allowed(limiter, freshBucket(10), 20), 5);
    await wire.become('none');
    await becomes(limiter, 'shared');
    assert.deepEqual(modes, ['shared']);
    assert.equal(await allowed(limiter, freshBucket(10), 20), 10);
  });

  test('in the middle: no error, what was used stays used, and the change is told', async (t) => {
    const wire = await proxy(t);
    const { limiter, modes } = await open(t, wire.url);
    const [used, half] = [freshBucket(4), freshBucket(10)];
    assert.equal(await allowed(limiter, used, 5), 4);
    assert.equal(await allowed(limiter, half, 4), 4);
    for (let i = 0; i < 3; i += 1) await limiter.increment('away', 60);
    await wire.become('away');
    assert.equal(await allowed(limiter, used, 5), 0);
    // Six tenths are left, of half the budget.
    assert.equal(await allowed(limiter, half, 10), 3);
    assert.equal(await allowed(limiter, freshBucket(1), 5), 1);
    assert.equal(await limiter.increment('away', 60), 4);
    await limiter.clear('away');
    assert.equal(await limiter.count('away'), 0);
    await limiter.reset(used);
    assert.equal((await limiter.peek(used)).remaining, 2);
    assert.deepEqual(modes, ['shared', 'local']);
    await wire.become('none');
    await becomes(limiter, 'shared');
  });

  test('silent: the first request waits a tenth of a second, the thousand after it do not wait', async (t) => {
    const wire = await proxy(t);
    const { limiter } = await open(t, wire.url, 100);
    await becomes(limiter, 'shared');
    await wire.become('silent');
    let start = performance.now();
    assert.equal((await limiter.take(freshBucket(10))).limited, false);
    assert.ok(performance.now() - start < 500);
    assert.equal(limiter.mode(), 'local');
    start = performance.now();
    for (let i = 0; i < 1000; i += 1) await limiter.take(freshBucket(10));
    assert.ok(performance.now() - start < 500);
    await wire.become('none');
    await becomes(limiter, 'shared');
  });

  test('an answer that comes too late takes back nothing that was counted here since', async (t) => {
    const late = Promise.withResolvers<Awaited<ReturnType<RedisLimiter['check']>>>();
    const answers = [Promise.resolve(1)];
    const away = () => Promise.reject(new Error('away'));
    const redis = {
      check: () => late.promise,
      increment: () => answers.pop() ?? away(),
      count: away,
      reset: away,
      clear: away,
      close: () => undefined,
    };
    const now = () => performance.now();
    const [buckets, counters] = [new MemoryBuckets(100, now), new MemoryCounters(100, now)];
    const limiter = createResilientLimiter({ redis, buckets, counters, localShare: 1, log, answerMs: 1 });
    t.after(() => limiter.close());
    await limiter.probe();
    assert.equal(limiter.mode(), 'shared');
    const bucket = freshBucket(4);
    assert.equal(await allowed(limiter, bucket, 6), 4);
    assert.equal(limiter.mode(), 'local');
    const state = { limited: false, remaining: 3, resetSeconds: 900 };
    late.resolve({ state, usedMicros: 900_000_000 });
    await nextTurn();
    assert.equal((await limiter.peek(bucket)).limited, true);
  });

  for (const [what, begin, end] of [
    ['full', () => admin.config('SET', 'maxmemory', '1'), () => admin.config('SET', 'maxmemory', '0')],
    ['read-only', () => admin.replicaof('127.0.0.1', '1'), () => admin.replicaof('NO', 'ONE')],
  ] as const) {
    test(`${what}: it is not taken for healthy because it answers reads`, async (t) => {
      const { limiter, modes } = await open(t, server.url);
      await begin();
      const bucket = freshBucket(4);
      assert.equal(await allowed(limiter, bucket, 5), 2);
      // Long enough for two probes, which must not be content with what they find.
      await delay(300);
      assert.equal(limiter.mode(), 'local');
      assert.deepEqual(modes, ['shared', 'local']);
      await end();
      await becomes(limiter, 'shared');
    });
  }

  test('a pause of our own is not taken for an absence of Redis', async (t) => {
    const { limiter } = await open(t, server.url, 100);
    await becomes(limiter, 'shared');
    const taken = limiter.take(freshBucket(4));
    const end = performance.now() + 250;
    while (performance.now() < end);
    await taken;
    assert.equal(limiter.mode(), 'shared');
  });
});

test('without Redis the whole budget is counted in memory', async (t) => {
  const { limiter } = await open(t, undefined);
  assert.equal(limiter.mode(), 'local');
  assert.equal(await allowed(limiter, freshBucket(10), 20), 10);
});
