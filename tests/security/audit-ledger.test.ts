// The short form of tests/proofs/audit-ledger.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proveLedger } from '../proofs/audit-ledger.ts';
import { startSystem } from '../proofs/start-system.ts';

test('while auth is killed again and again, every acknowledged operation has one event, and no other has one too many', async (t) => {
  const env = {
    PASSWORD_HASH_MEMORY_KIB: '7168',
    PASSWORD_HASH_PASSES: '5',
    ACCESS_TOKEN_TTL_SECONDS: '3600',
  };
  const system = await startSystem({ auths: 1, gateways: 0, workers: 0, redis: false, env });
  t.after(() => system.close());
  const { kills, acknowledged } = await proveLedger(system, {
    operations: 400,
    clients: 8,
    killEvery: 100,
  });
  assert.ok(kills > 0 && acknowledged >= 400, JSON.stringify({ kills, acknowledged }));
});
