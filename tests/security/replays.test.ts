// The short form of tests/proofs/replays.ts.

import { after, before, test } from 'node:test';
import { graceSeconds, proveReplaysKill } from '../proofs/replays.ts';
import { type System, startSystem } from '../proofs/start-system.ts';

let system: System;
before(async () => {
  const env = { REFRESH_GRACE_SECONDS: String(graceSeconds) };
  system = await startSystem({ auths: 2, gateways: 1, workers: 2, redis: true, env });
});
after(() => system.close());

test('an old refresh token kills its session with one event, after every process was killed and started again', async () => {
  await proveReplaysKill(system, 'after a restart', 1);
});

test('an old refresh token kills its session with one event, after Redis was flushed', async () => {
  await proveReplaysKill(system, 'after Redis was flushed', 1);
});

test('an old refresh token kills its session with one event, within the same millisecond', async () => {
  await proveReplaysKill(system, 'within the same millisecond', 1);
});

test('the predecessor kills its session with one event, 1 ms after the grace', async () => {
  await proveReplaysKill(system, '1 ms after the grace', 1);
});
