import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createAccountTurns } from './account-turns.ts';

/** Work that ends when it is told to, and remembers how often it ran and how many ran at once. */
function heldWork() {
  const held: PromiseWithResolvers<string>[] = [];
  const state = { running: 0, most: 0, runs: 0 };
  const work = (): Promise<string> => {
    state.runs += 1;
    state.running += 1;
    state.most = Math.max(state.most, state.running);
    const one = Promise.withResolvers<string>();
    held.push(one);
    return one.promise.finally(() => (state.running -= 1));
  };
  const release = async (outcome: string | Error): Promise<void> => {
    await turn();
    if (outcome instanceof Error) held.shift()!.reject(outcome);
    else held.shift()!.resolve(outcome);
    await turn();
  };
  return { state, work, release };
}

test('one at a time for an account, others do not wait for it', async () => {
  const turns = createAccountTurns<string>();
  const { state, work, release } = heldWork();
  const asked = ['a', 'b', 'c'].map((token) => turns.take('ann', token, work));
  await turn();
  assert.equal(state.running, 1);
  const other = turns.take('bob', 'a', () => Promise.resolve('at once'));
  assert.deepEqual(await other, { outcome: 'at once', isFirst: true });
  for (const outcome of ['1', '2', '3']) await release(outcome);
  assert.deepEqual(
    await Promise.all(asked),
    ['1', '2', '3'].map((outcome) => ({ outcome, isFirst: true })),
  );
  assert.deepEqual([state.most, turns.size], [1, 0]);
});

test('who comes with a token that waits shares its outcome; who comes after it has begun does not', async () => {
  const turns = createAccountTurns<string>();
  const { state, work, release } = heldWork();
  const first = turns.take('ann', 'token', work);
  await turn(); // it has begun
  const crowd = Array.from({ length: 50 }, () => turns.take('ann', 'token', work));
  await release('rotated');
  assert.deepEqual(await first, { outcome: 'rotated', isFirst: true });
  await release('repeated');
  const answers = await Promise.all(crowd);
  assert.deepEqual([...new Set(answers.map(({ outcome }) => outcome))], ['repeated']);
  assert.equal(answers.filter(({ isFirst }) => isFirst).length, 1);
  assert.equal(state.runs, 2);
});

test('a failure is that of whoever waited for it, and the line goes on', async () => {
  const turns = createAccountTurns<string>();
  const { work, release } = heldWork();
  const failing = turns.take('ann', 'a', work);
  const next = turns.take('ann', 'b', work);
  const refused = assert.rejects(failing, /away/);
  await release(new Error('away'));
  await refused;
  await release('good');
  assert.equal((await next).outcome, 'good');
  assert.equal(turns.size, 0);
});

test('only so many different tokens of an account wait', async () => {
  const turns = createAccountTurns<string>();
  const { work, release } = heldWork();
  const asked = [turns.take('ann', 'the first', work)];
  await turn(); // it has begun
  for (let i = 0; i < 32; i += 1) asked.push(turns.take('ann', `token ${i}`, work));
  // There is room for no more but for those who join.
  await assert.rejects(turns.take('ann', 'one too many', work), { code: 'overloaded' });
  asked.push(turns.take('ann', 'token 5', work));
  for (let i = 0; i < 33; i += 1) await release('good');
  assert.equal((await Promise.all(asked)).length, 34);
});

test('how long it waited is told before the work begins', async () => {
  const turns = createAccountTurns<string>();
  const { work, release } = heldWork();
  const seen: string[] = [];
  const first = turns.take('ann', 'a', work);
  const second = turns.take(
    'ann',
    'b',
    () => Promise.resolve(`after ${seen.join()}`),
    (ms) => seen.push(ms >= 0 ? 'the wait' : 'nothing'),
  );
  await release('good');
  await first;
  assert.equal((await second).outcome, 'after the wait');
});
