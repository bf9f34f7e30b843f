// The short form of tests/proofs/revocation-reach.ts and request-cost.ts: that a logout reaches every worker, and the
// one that carried it before its answer. How soon is measured by the long form; other tests run beside this one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureRequestCost } from '../proofs/request-cost.ts';
import { measureReach } from '../proofs/revocation-reach.ts';
import { startSystem } from '../proofs/start-system.ts';

const layout = { auths: 1, gateways: 2, workers: 2 };
const load = { loadPerSecond: 50, probeEveryMs: 5, logouts: 8, boundMs: 60_000 };

test('a logout is enforced at once by the worker that carried it and by all others, with Redis', async (t) => {
  const system = await startSystem({ ...layout, redis: true });
  t.after(() => system.close());
  const { carrier } = await measureReach(system, { ...load, atOnce: 2 });
  assert.equal(carrier.maxMs, 0);

  const cost = await measureRequestCost(system, 1, 100);
  assert.deepEqual([cost.queries, cost.redisCommands], [0, 0], 'a verified request costs no look-up');
  assert.ok(cost.requests > 50);
});

test('a logout is enforced at once by the worker that carried it and by all others, without Redis', async (t) => {
  const system = await startSystem({ ...layout, redis: false });
  t.after(() => system.close());
  const { carrier } = await measureReach(system, { ...load, atOnce: 8 });
  assert.equal(carrier.maxMs, 0);
});
