import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Limit } from './limiter.ts';
import { MemoryBuckets } from './memory-buckets.ts';
import { MemoryCounters } from './memory-counters.ts';
import { createMemoryLimiter } from './memory-limiter.ts';

const login: Limit = { name: 'login-ip', count: 20, periodSeconds: 60 };

function withClock() {
  const clock = { nowMs: 0 };
  return { clock, limiter: createMemoryLimiter({ nowMs: () => clock.nowMs }) };
}

describe('a bucket', () => {
  test('allows 20 attempts, refuses the 21st, and one is back every 3 s', async () => {
    const { clock, limiter } = withClock();
    const bucket = { limit: login, key: '192.0.2.1' };
    for (let i = 0; i < 20; i += 1) {
      assert.deepEqual(await limiter.take(bucket), { limited: false, remaining: 19 - i, resetSeconds: 3 });
    }
    assert.deepEqual(await limiter.take(bucket), { limited: true, remaining: 0, resetSeconds: 3 });
    clock.nowMs = 2_999;
    assert.deepEqual(await limiter.take(bucket), { limited: true, remaining: 0, resetSeconds: 1 });
    clock.nowMs = 3_000;
    assert.equal((await limiter.take(bucket)).limited, false);
    assert.equal((await limiter.take(bucket)).limited, true);
    clock.nowMs = 1_000_000;
    assert.deepEqual(await limiter.peek(bucket), { limited: false, remaining: 20, resetSeconds: 0 });
  });

  test('is not counted by a look, emptied by reset, and apart from other keys and limits', async () => {
    const { limiter } = withClock();
    const bucket = { limit: { ...login, count: 1 }, key: 'a' };
    for (let i = 0; i < 5; i += 1) assert.equal((await limiter.peek(bucket)).remaining, 1);
    await limiter.take(bucket);
    assert.equal((await limiter.take(bucket)).limited, true);
    assert.equal((await limiter.take({ ...bucket, key: 'b' })).limited, false);
    assert.equal((await limiter.take({ limit: { ...login, name: 'other' }, key: 'a' })).limited, false);
    await limiter.reset(bucket);
    assert.equal((await limiter.take(bucket)).limited, false);
  });
});

test('a counter counts, is cleared, and vanishes a while after its last change', async () => {
  const { clock, limiter } = withClock();
  assert.equal(await limiter.count('failures'), 0);
  for (let i = 1; i <= 3; i += 1) {
    assert.equal(await limiter.increment('failures', 10), i);
    clock.nowMs += 9_999;
  }
  assert.equal(await limiter.count('failures'), 3);
  clock.nowMs += 1;
  assert.equal(await limiter.count('failures'), 0);
  assert.equal(await limiter.increment('failures', 10), 1);
  await limiter.clear('failures');
  assert.equal(await limiter.count('failures'), 0);
});

describe('under a flood of keys', () => {
  test('a million distinct ones stay within the bound', () => {
    const buckets = new MemoryBuckets(1_000, () => 0);
    const counters = new MemoryCounters(1_000, () => 0);
    for (let i = 0; i < 1_000_000; i += 1) {
      buckets.check({ limit: login, key: `${i}` }, 'take');
      if (i % 10 === 0) counters.increment(`${i}`, 60);
    }
    assert.equal(buckets.size, 1_000);
    assert.equal(counters.size, 1_000);
  });

  test('a limited caller does not free his bucket, nor a guessed-at account its failures', () => {
    let nowMs = 0;
    const buckets = new MemoryBuckets(1_000, () => nowMs);
    const counters = new MemoryCounters(1_000, () => nowMs);
    const own = { limit: login, key: 'attacker' };
    for (let i = 0; i < 20; i += 1) buckets.check(own, 'take');
    for (let i = 0; i < 90; i += 1) counters.increment('victim', 86_400);
    for (let i = 0; i < 50_000; i += 1) {
      nowMs += 0.01;
      buckets.check({ limit: login, key: `other${i}` }, 'take');
      counters.increment(`other${i}`, 86_400);
    }
    assert.equal(buckets.check(own, 'take').limited, true);
    assert.equal(counters.count('victim'), 90);
  });
});
