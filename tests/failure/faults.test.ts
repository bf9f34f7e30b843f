// The short form of run-faults.ts: a few faults of each kind on one running system, one after the other.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { killedParts, proveKillsLoseNothing } from './kills.ts';
import { type FaultCase, measureFault, missedBy } from './measure-fault.ts';
import { postgresFaults } from './postgres-faults.ts';
import { processFaults } from './process-faults.ts';
import { redisFaults } from './redis-faults.ts';
import { serviceFaults } from './service-faults.ts';
import { type Rig, startRig } from './start-rig.ts';

// Times are measured in the long form; here every processor is busy with other tests.
const size = { seconds: 1.5, readsPerSecond: 20, lives: 3, recoveryMs: Number.POSITIVE_INFINITY };
const chosen = ['postgres-away', 'postgres-black-hole', 'postgres-read-only', 'redis-full', 'gateway-paused'];

let rig: Rig;
before(async () => {
  rig = await startRig();
});
after(() => rig.close());

const all: readonly FaultCase[] = [...postgresFaults, ...redisFaults, ...serviceFaults, ...processFaults];
for (const fault of all.filter(({ name }) => chosen.includes(name))) {
  test(`${fault.what}: users notice ${fault.noticed}, and the ledger holds`, async () => {
    const figures = await measureFault(rig, fault, size);
    assert.deepEqual(missedBy(figures, fault, size, false), []);
  });
}

for (const part of killedParts) {
  test(`kill -9 of ${part} loses and undoes nothing that was acknowledged`, async () => {
    const options = { times: 1, readsPerSecond: 20, lives: 3, pauseMsMax: 500 };
    const { ledger } = await proveKillsLoseNothing(rig, part, options);
    assert.deepEqual(ledger.broken, []);
    assert.ok(ledger.events > 0, 'something was acknowledged');
  });
}
