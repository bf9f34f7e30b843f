// Answers at random, read by us, by undici and by Node's own client. The long form is tests/proofs/answer-fuzz.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareReadings } from './testing/compare-readings.ts';
import { randomAnswer, soundAnswer } from './testing/random-answers.ts';
import { readByUs } from './testing/read-by-us.ts';

const cuts = fc.array(fc.nat(400), { maxLength: 8 });

test('no answer is read differently than undici and node:http read it, in whatever pieces it comes', async () => {
  await fc.assert(
    fc.asyncProperty(randomAnswer, cuts, async (given, at) => {
      await compareReadings(given, at);
    }),
    { numRuns: 1500 },
  );
});

test('what is sound is taken', async () => {
  await fc.assert(
    fc.asyncProperty(soundAnswer, cuts, async (given, at) => {
      assert.deepEqual(await compareReadings(given, at), { byUs: true, byOthers: true });
    }),
    { numRuns: 500 },
  );
});

test('byte by byte it is the same answer as at once', () => {
  fc.assert(
    fc.property(randomAnswer, (given) => {
      const each = Array.from({ length: Math.min(given.bytes.length, 2000) }, (_, at) => at);
      assert.deepEqual(readByUs(given, each), readByUs(given));
    }),
    { numRuns: 300 },
  );
});
