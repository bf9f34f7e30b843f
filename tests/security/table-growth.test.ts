// The short form of tests/proofs/table-growth.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSystem } from '../proofs/start-system.ts';
import { proveNoGrowth } from '../proofs/table-growth.ts';

test('refreshes add no row to any table but one audit event each', async (t) => {
  const system = await startSystem({ auths: 2, gateways: 0, workers: 0, redis: false });
  t.after(() => system.close());
  const { refreshes } = await proveNoGrowth(system, { refreshes: 200, secondsMax: 20 });
  assert.ok(refreshes > 50);
});
