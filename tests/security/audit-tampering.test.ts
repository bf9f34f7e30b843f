import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proveNeverFails } from '../proofs/audit-never-fails.ts';
import { proveTamperingFound } from '../proofs/audit-tampering.ts';
import { tamperings } from '../proofs/audit-tamperings.ts';

test("a superuser's change is found and its place named, in the database and in an export: each way three times", async () => {
  const trials = 3 * tamperings.length;
  const { found } = await proveTamperingFound({ trials, rounds: 6, eventsPerRound: 12 });
  assert.deepEqual(
    Object.values(found),
    tamperings.map(() => 3),
  );
});

test('a log that nobody touched holds while it is written and sealed', async () => {
  const { verifications, events } = await proveNeverFails({ milliseconds: 1500, writers: 3 });
  assert.ok(verifications > 1 && events > 100, `${verifications} verifications of ${events} events`);
});
