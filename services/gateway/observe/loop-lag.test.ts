import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoopLag } from './loop-lag.ts';

function lagAfter(...elapsedMs: readonly number[]): number {
  const lag = new LoopLag();
  for (const each of elapsedMs) lag.note(each);
  return lag.lagMs();
}
const steady = (count: number, elapsedMs: number) => Array.from({ length: count }, () => elapsedMs);

test('a loop that keeps time has no lag', () => {
  assert.equal(lagAfter(), 0);
  assert.equal(lagAfter(...steady(100, 50)), 0);
});

test('a loop that is late all the time shows it after two windows, at most a second and one tick', () => {
  assert.equal(lagAfter(...steady(3, 250)), 0);
  assert.equal(lagAfter(...steady(4, 250)), 200);
  assert.equal(lagAfter(...steady(2, 2050)), 2000);
});

test('one long pause is no overload', () => {
  assert.equal(lagAfter(...steady(10, 50), 5000, ...steady(10, 50)), 0);
});

test('it is over as soon as one window was in time', () => {
  assert.equal(lagAfter(...steady(20, 250), ...steady(10, 50)), 0);
});
