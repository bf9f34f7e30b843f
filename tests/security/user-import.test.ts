// The short form of tests/proofs/user-import.ts.

import { test } from 'node:test';
import { startSystem } from '../proofs/start-system.ts';
import { proveImport } from '../proofs/user-import.ts';

test('an import that is killed twice and run again ends with every user once, and each signs in', async (t) => {
  const system = await startSystem({ auths: 2, gateways: 0, workers: 0, redis: false });
  t.after(() => system.close());
  await proveImport(system, { users: 6000, kills: 2, logins: 20 });
});
