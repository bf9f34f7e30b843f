// The short form of tests/proofs/replays.ts.

import { after, before, test } from 'node:test';
import { graceSeconds, proveReplaysKill, replayCases } from '../proofs/replays.ts';
import { type System, startSystem } from '../proofs/start-system.ts';

let system: System;
before(async () => {
  const env = { REFRESH_GRACE_SECONDS: String(graceSeconds) };
  system = await startSystem({ auths: 2, gateways: 1, workers: 2, redis: true, env });
});
after(() => system.close());

for (const replayCase of replayCases) {
  test(`an old refresh token replayed ${replayCase} kills its session with exactly one event`, async () => {
    await proveReplaysKill(system, replayCase, 1);
  });
}
