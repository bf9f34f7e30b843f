// The short form of tests/proofs/parallel-refreshes.ts.

import { after, before, test } from 'node:test';
import { proveNothingSurvives, proveOneSuccessor } from '../proofs/parallel-refreshes.ts';
import { type System, startSystem } from '../proofs/start-system.ts';

let system: System;
before(async () => {
  // The grace is not what is tested: however slow the machine, fifty at once come within it.
  const env = { REFRESH_GRACE_SECONDS: '60' };
  system = await startSystem({ auths: 2, gateways: 1, workers: 1, redis: true, env });
});
after(() => system.close());

test('50 parallel refreshes over two auth processes leave one session with one successor, round after round', async () => {
  await proveOneSuccessor(system, 5);
});

test('nothing survives a logout among 50 parallel refreshes', async () => {
  await proveNothingSurvives(system, 'logout', 4);
});

test('nothing survives a disable among 50 parallel refreshes', async () => {
  await proveNothingSurvives(system, 'disable', 4);
});

test('nothing survives a password change among 50 parallel refreshes', async () => {
  await proveNothingSurvives(system, 'password change', 3);
});

test('no old right survives a role change among 50 parallel refreshes', async () => {
  await proveNothingSurvives(system, 'role change', 4);
});
