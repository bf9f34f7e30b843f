// The short form of tests/proofs/key-rotation.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proveRotationUnnoticed } from '../proofs/key-rotation.ts';
import { startSystem } from '../proofs/start-system.ts';

test('signing keys that change every few seconds are never unknown to a gateway', async (t) => {
  const env = { SIGNING_KEY_ROTATION_SECONDS: '5' };
  const system = await startSystem({ auths: 2, gateways: 1, workers: 2, redis: true, env });
  t.after(() => system.close());
  // A new installation's second key is published for 15 s before it signs.
  const { keysUsed } = await proveRotationUnnoticed(system, { seconds: 16, perSecond: 50 });
  assert.ok(keysUsed > 1, `${keysUsed} keys`);
});
