import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLog } from '@pi-gateway/log/log.ts';
import { newKey } from '../testing/fake-auth.ts';
import { until } from '../testing/start-test-gateway.ts';
import { KeyStore } from './key-store.ts';

const log = createLog({ service: 'gateway', level: 'silent' });
const first = { keys: [(await newKey('first')).jwk] };
const second = { keys: [(await newKey('second')).jwk] };
const sameName = { keys: [(await newKey('first')).jwk] };

function open(
  answers: (() => Promise<unknown>)[],
  options: { refreshMs?: number; nowMs?: () => number } = {},
) {
  const state = { fetches: 0, withdrawn: 0 };
  const store = new KeyStore({
    fetchKeys: () =>
      (answers[Math.min(state.fetches++, answers.length - 1)] ?? (() => Promise.reject(new Error())))(),
    log,
    nowMs: () => 0,
    onWithdrawn: () => {
      state.withdrawn += 1;
    },
    ...options,
  });
  return { store, state };
}

const good = (json: unknown) => () => Promise.resolve(json);
const bad = () => Promise.reject(new Error('down'));

describe('keys of auth', () => {
  test('the first load is tried again until it succeeds', async () => {
    const { store, state } = open([bad, bad, good(first)]);
    await store.start();
    assert.equal(store.isLoaded, false);
    await until('the load', () => store.isLoaded);
    assert.equal(state.fetches, 3);
    assert.ok(store.current.has('first'));
    store.close();
  });

  test('the last good set stays whatever a later fetch brings', async () => {
    for (const answer of [bad, good({ keys: [] }), good('rubbish'), good({ keys: [{ kty: 'EC' }] })]) {
      const { store } = open([good(first), answer]);
      await store.start();
      await store.refetch();
      assert.deepEqual([store.isLoaded, store.current.has('first')], [true, true]);
      store.close();
    }
  });

  test('whoever needs an unknown key shares one fetch, and then waits out the cooldown', async () => {
    let clockMs = 0;
    const { store, state } = open([good(first)], { nowMs: () => clockMs });
    await store.start();
    const shared = store.refetch();
    assert.equal(store.refetch(), shared);
    await shared;
    assert.equal(state.fetches, 2);
    assert.equal(store.refetch(), undefined);
    clockMs = 5000;
    await store.refetch();
    assert.equal(state.fetches, 3);
    store.close();
  });

  test('a key that is gone, or another one under its name, is told', async () => {
    for (const later of [second, sameName]) {
      const { store, state } = open([good(first), good(later)]);
      await store.start();
      assert.equal(state.withdrawn, 0);
      await store.refetch();
      assert.equal(state.withdrawn, 1);
      store.close();
    }
  });

  test('the set is refreshed by itself', async () => {
    const { store } = open([good(first), good(second)], { refreshMs: 5 });
    await store.start();
    await until('the second set', () => store.current.has('second'));
    store.close();
  });
});
