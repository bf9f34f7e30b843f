// The short form of tests/proofs/login-flood.ts: what holds at any speed, not how fast.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureLoginFlood } from '../proofs/login-flood.ts';
import { onParts } from '../proofs/login-proofs.ts';

test('under a flood of logins hashes stay within their cap, every login has its answer, and token checks go on', async () => {
  const size = { loginsPerSecond: 150, seconds: 3, asksPerSecond: 20, quietSeconds: 1, settleSeconds: 0 };
  const figures = await onParts((system) => measureLoginFlood(system, { ...size, networks: 1000 }));
  assert.equal(figures.hashesInFlightMax, figures.hashesInFlightAllowed);
  assert.equal(figures.notAnswered, 0, JSON.stringify(figures.answers));
  assert.equal(figures.asksNotAnswered200, 0);
});
