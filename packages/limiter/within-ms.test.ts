import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { withinMs } from './within-ms.ts';

/** What is asked now goes out at the end of this turn, and is answered some turns later. */
async function answer(): Promise<string> {
  for (let turn = 0; turn < 10; turn += 1) await nextTurn();
  return 'answer';
}

function pause(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('a pause of our own before the question is out takes nothing from the time for the answer', async () => {
  const answered = withinMs(answer(), 500);
  pause(600);
  assert.equal(await answered, 'answer');
});

test('what never comes is given up', async () => {
  await assert.rejects(withinMs(new Promise(() => undefined), 20), /no answer within 20 ms/);
});

test('an error is passed on', async () => {
  await assert.rejects(withinMs(Promise.reject(new Error('away')), 500), /away/);
});
