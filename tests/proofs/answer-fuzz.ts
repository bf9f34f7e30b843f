// Answers of services at random, sound and broken: what our client takes for an answer, undici and Node's own client
// take for the same one.

import { randomInt } from 'node:crypto';
import { compareReadings } from '@pi-gateway/gateway/http1/testing/compare-readings.ts';
import { randomAnswer } from '@pi-gateway/gateway/http1/testing/random-answers.ts';
import fc from 'fast-check';

/** They are drawn so many at a time: a failure names its seed, and no memory grows. */
const batch = 10_000;

/** @throws {Error} with the smallest answer found that is read differently, and the seed that leads to it. */
export async function fuzzAnswers(cases: number) {
  let takenByUs = 0;
  let takenByOthers = 0;
  const cuts = fc.array(fc.nat(400), { maxLength: 8 });
  const property = fc.asyncProperty(randomAnswer, cuts, async (given, at) => {
    const { byUs, byOthers } = await compareReadings(given, at);
    if (byUs) takenByUs += 1;
    if (byOthers) takenByOthers += 1;
  });
  for (let drawn = 0; drawn < cases; drawn += batch) {
    await fc.assert(property, { numRuns: Math.min(batch, cases - drawn), seed: randomInt(2 ** 31) });
  }
  return { cases, takenByUs, takenByOthers, readDifferently: 0 };
}
