import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { startTestRedis } from '../../launch/testing/test-redis.ts';
import { bucketState, gcra, rateOf } from './gcra.ts';
import type { Limit } from './limiter.ts';
import { readScript } from './redis-limiter.ts';

let server: Awaited<ReturnType<typeof startTestRedis>>;
let redis: Redis;

before(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
});
after(async () => {
  redis.disconnect();
  await server.stop();
});

const limit: fc.Arbitrary<Limit> = fc.record({
  name: fc.constant('test'),
  count: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 1_000_000 })),
  periodSeconds: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 86_400 * 366 })),
});
const step = fc.record({
  mode: fc.constantFrom('take', 'take', 'peek'),
  // In intervals, so that steps fall near the edges; back a little too, as clocks do.
  later: fc.oneof(
    fc.constant(0),
    fc.double({ min: -0.5, max: 3, noNaN: true }),
    fc.integer({ min: -1, max: 2 }),
  ),
  skewMicros: fc.integer({ min: -1, max: 1 }),
});
const startMicros = fc.integer({ min: 1_700_000_000_000_000, max: 4_000_000_000_000_000 });

test('the Lua script in Redis and its twin give the same answers to the same attempts', async () => {
  const lua = readScript('gcra.lua');
  let keys = 0;
  await fc.assert(
    fc.asyncProperty(
      limit,
      startMicros,
      fc.nat(10),
      fc.array(step, { maxLength: 30 }),
      async (rated, start, memory, steps) => {
        const rate = rateOf(rated);
        const remembered = Math.floor((rate.burstMicros * memory) / 8);
        const key = `twin:${(keys += 1)}`;
        const pipeline = redis.pipeline();
        const expected: [number, number][] = [];
        let tat: number | undefined;
        let now = start;
        for (const { mode, later, skewMicros } of steps) {
          now += Math.floor(later * rate.intervalMicros) + skewMicros;
          const take = mode === 'take' ? 1 : 0;
          pipeline.eval(lua, 1, key, rate.intervalMicros, rate.burstMicros, take, remembered, now);
          const result = gcra(tat, now, rate, mode, remembered);
          tat = result.tat;
          expected.push([result.limited ? 1 : 0, result.usedMicros]);
        }
        const replies = steps.length === 0 ? [] : await pipeline.exec();
        assert.deepEqual(
          replies?.map(([error, reply]) => error ?? reply),
          expected,
        );
      },
    ),
    { numRuns: 300 },
  );
});

test('a bucket allows its burst at once, then one each interval', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 600 }),
      startMicros,
      (count, periodSeconds, now) => {
        const rate = rateOf({ name: 'test', count, periodSeconds });
        let tat: number | undefined;
        for (let i = 0; i < count; i += 1) {
          const step = gcra(tat, now, rate, 'take');
          assert.equal(step.limited, false);
          assert.equal(bucketState(rate, false, step.usedMicros).remaining, count - i - 1);
          tat = step.tat;
        }
        assert.equal(gcra(tat, now, rate, 'take').limited, true);
        assert.equal(gcra(tat, now + rate.intervalMicros - 1, rate, 'take').limited, true);
        assert.equal(gcra(tat, now + rate.intervalMicros, rate, 'take').limited, false);
      },
    ),
  );
});

test('never more than a burst and one an interval pass, however the attempts fall', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 2_000_000 }), { maxLength: 200 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 1, max: 20 }),
      gaps,
      (count, periodSeconds, waits) => {
        const rate = rateOf({ name: 'test', count, periodSeconds });
        let tat: number | undefined;
        let [now, passed] = [0, 0];
        for (const wait of waits) {
          now += wait;
          const step = gcra(tat, now, rate, 'take');
          tat = step.tat;
          if (!step.limited) passed += 1;
          assert.ok(passed <= count + now / rate.intervalMicros);
        }
      },
    ),
  );
});

test('who waits for resetSeconds gets one more attempt, and nobody waits longer than an interval', () => {
  const uses = fc.integer({ min: 0, max: 100 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 3600 }),
      uses,
      (count, periodSeconds, tries) => {
        const rate = rateOf({ name: 'test', count, periodSeconds });
        let tat: number | undefined;
        for (let i = 0; i < tries; i += 1) tat = gcra(tat, i * 1000, rate, 'take').tat;
        const now = tries * 1000;
        const { limited, usedMicros } = gcra(tat, now, rate, 'peek');
        const state = bucketState(rate, limited, usedMicros);
        assert.equal(state.limited, state.remaining === 0);
        assert.ok(state.resetSeconds <= Math.ceil(rate.intervalMicros / 1_000_000));
        const later = now + state.resetSeconds * 1_000_000;
        const after = gcra(tat, later, rate, 'peek').usedMicros;
        const { remaining } = bucketState(rate, false, after);
        assert.ok(remaining >= Math.min(count, state.remaining + 1));
        assert.equal(state.resetSeconds === 0, usedMicros === 0);
      },
    ),
  );
});

test('a clock that jumps back by a year makes nobody wait longer than a period', () => {
  const rate = rateOf({ name: 'test', count: 5, periodSeconds: 60 });
  const tat = 1_800_000_000_000_000;
  const now = tat - 365 * 86_400_000_000;
  const step = gcra(tat, now, rate, 'peek');
  assert.equal(step.usedMicros, rate.burstMicros);
});
