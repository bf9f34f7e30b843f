// The short form of tests/proofs/many-revocations.ts: that it works, not how much it takes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureManyRevocations } from '../proofs/many-revocations.ts';

test('a gateway takes up thousands of live revocations in pages and enforces them', async () => {
  const size = { revocations: 12_000, rounds: 10, requestsPerRound: 20, settleMs: 0 };
  const { rounds } = await measureManyRevocations(size);
  assert.equal(rounds, 10);
});
