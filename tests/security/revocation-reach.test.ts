// The short form of tests/proofs/revocation-reach.ts and request-cost.ts. The bounds are wider than the figures
// promise: other tests run beside this one. The long form holds them exactly.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureRequestCost } from '../proofs/request-cost.ts';
import { measureReach } from '../proofs/revocation-reach.ts';
import { startSystem } from '../proofs/start-system.ts';

const layout = { auths: 1, gateways: 2, workers: 2 };
const load = { loadPerSecond: 50, probeEveryMs: 5 };

test('a logout is enforced at once by the worker that carried it and soon by all others, with Redis', async (t) => {
  const system = await startSystem({ ...layout, redis: true });
  t.after(() => system.close());
  const { carrier, otherWorkers } = await measureReach(system, {
    ...load,
    logouts: 8,
    atOnce: 2,
    boundMs: 3000,
  });
  assert.equal(carrier.maxMs, 0);
  assert.ok(otherWorkers.medianMs < 500, `${otherWorkers.medianMs} ms`);

  const cost = await measureRequestCost(system, 1, 100);
  assert.deepEqual([cost.queries, cost.redisCommands], [0, 0], 'a verified request costs no look-up');
  assert.ok(cost.requests > 50);
});

test('a logout is enforced at once by the worker that carried it and within seconds by all others, without Redis', async (t) => {
  const system = await startSystem({ ...layout, redis: false });
  t.after(() => system.close());
  const { carrier, otherWorkers } = await measureReach(system, {
    ...load,
    logouts: 8,
    atOnce: 8,
    boundMs: 5000,
  });
  assert.equal(carrier.maxMs, 0);
  assert.ok(otherWorkers.maxMs < 5000);
});
