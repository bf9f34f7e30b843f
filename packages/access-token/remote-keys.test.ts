import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { RemoteKeys } from './remote-keys.ts';
import { newTestKey } from './testing/test-issuer.ts';

const first = { keys: [newTestKey('first').jwk] };
const second = { keys: [newTestKey('second').jwk] };
const sameName = { keys: [newTestKey('first').jwk] };

function open(
  answers: (() => Promise<unknown>)[],
  options: { refreshMs?: number; nowMs?: () => number; isRevoked?: (kid: string) => boolean } = {},
) {
  const state = { fetches: 0, withdrawn: 0, failures: 0 };
  const keys = new RemoteKeys({
    fetchKeys: () =>
      (answers[Math.min(state.fetches++, answers.length - 1)] ?? (() => Promise.reject(new Error())))(),
    nowMs: () => 0,
    onWithdrawn: () => {
      state.withdrawn += 1;
    },
    onFailed: () => {
      state.failures += 1;
    },
    ...options,
  });
  return { keys, state };
}

const good = (json: unknown) => () => Promise.resolve(json);
const bad = () => Promise.reject(new Error('down'));

/** Lets the timers' time pass, and then what they began come to its end. */
async function pass(t: TestContext, ms: number): Promise<void> {
  t.mock.timers.tick(ms);
  await new Promise((resolve) => setImmediate(resolve));
}

describe('remote keys', () => {
  test('the first load is tried again, ever more slowly, until it succeeds', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { keys, state } = open([bad, bad, good(first)]);
    await keys.start();
    assert.deepEqual([keys.isLoaded, keys.ageMs(), state.failures], [false, Number.POSITIVE_INFINITY, 1]);
    await pass(t, 100);
    await pass(t, 199);
    assert.deepEqual([keys.isLoaded, state.fetches], [false, 2]);
    await pass(t, 1);
    assert.deepEqual([keys.isLoaded, state.fetches, keys.current.has('first')], [true, 3, true]);
    keys.close();
  });

  test('the last good set stays whatever a later fetch brings', async () => {
    for (const answer of [bad, good({ keys: [] }), good('rubbish'), good({ keys: [{ kty: 'EC' }] })]) {
      const { keys, state } = open([good(first), answer]);
      await keys.start();
      await keys.refetch();
      assert.deepEqual([keys.isLoaded, keys.current.has('first'), state.failures], [true, true, 1]);
      keys.close();
    }
  });

  test('whoever needs an unknown key shares one fetch, and then waits out the cooldown', async () => {
    let clockMs = 0;
    const { keys, state } = open([good(first)], { nowMs: () => clockMs });
    await keys.start();
    const shared = keys.refetch();
    assert.equal(keys.refetch(), shared);
    await shared;
    assert.equal(state.fetches, 2);
    assert.equal(keys.refetch(), undefined);
    clockMs = 5000;
    await keys.refetch();
    assert.equal(state.fetches, 3);
    keys.close();
    clockMs = 10_000;
    assert.equal(keys.refetch(), undefined);
  });

  test('a fetch that fails counts towards the cooldown too', async () => {
    let clockMs = 0;
    const { keys, state } = open([good(first), bad], { nowMs: () => clockMs });
    await keys.start();
    for (; clockMs < 10_000; clockMs += 100) await keys.refetch();
    assert.equal(state.fetches, 3);
    keys.close();
  });

  test('a key that is gone, or another one under its name, is told', async () => {
    for (const later of [second, sameName]) {
      const { keys, state } = open([good(first), good(later)]);
      await keys.start();
      assert.equal(state.withdrawn, 0);
      await keys.refetch();
      assert.equal(state.withdrawn, 1);
      keys.close();
    }
  });

  test('a withdrawn key is let go of at once and not taken again, and what signs instead is fetched in spite of the cooldown', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const revoked = new Set<string>();
    const both = { keys: [...first.keys, ...second.keys] };
    const { keys, state } = open([good(first), good(first), good(first), good(both)], {
      isRevoked: (kid) => revoked.has(kid),
    });
    await keys.start();
    await keys.refetch();
    revoked.add('first');
    keys.dropRevoked();
    assert.deepEqual([keys.current.size, state.withdrawn, keys.isLoaded], [0, 1, true]);
    await pass(t, 0);
    assert.deepEqual([keys.current.size, state.fetches], [0, 3]);
    await pass(t, 100);
    assert.deepEqual([[...keys.current.keys()], state.fetches], [['second'], 4]);
    keys.close();
  });

  test('the set is refreshed by itself, and no more once closed', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { keys, state } = open([good(first), good(second)], { refreshMs: 60_000 });
    await keys.start();
    await pass(t, 60_000);
    assert.deepEqual([state.fetches, keys.current.has('second')], [2, true]);
    keys.close();
    await pass(t, 600_000);
    assert.equal(state.fetches, 2);
  });
});
