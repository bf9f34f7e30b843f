import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Balance, balances, choose } from './balance.ts';

type Fake = { name: string; weight: number; active: number; credit: number };

const fake = (name: string, weight = 1, active = 0): Fake => ({ name, weight, active, credit: 0 });
const names = (balance: Balance, candidates: readonly Fake[], count: number, random?: () => number) =>
  Array.from({ length: count }, () => choose(balance, candidates, random).name).join('');

/** A generator that repeats itself from run to run. */
function countedRandom(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function counts(chosen: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const name of chosen) found[name] = (found[name] ?? 0) + 1;
  return found;
}

describe('round robin', () => {
  test('goes around', () =>
    assert.equal(names('round_robin', [fake('a'), fake('b'), fake('c')], 6), 'abcabc'));

  test('gives each its weight, and does not heap a heavy one’s turns', () => {
    assert.equal(names('round_robin', [fake('a', 5), fake('b'), fake('c')], 7), 'aabacaa');
  });

  test('one that is left out for a while comes back without making up for it', () => {
    const [a, b] = [fake('a'), fake('b')];
    assert.equal(names('round_robin', [a, b], 2), 'ab');
    assert.equal(names('round_robin', [b], 5), 'bbbbb');
    assert.equal(names('round_robin', [a, b], 4), 'abab');
  });

  test('shares are exact over each whole round, whatever the weights', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const candidates = weights.map((weight, i) => fake(String(i), weight));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const found = counts(names('round_robin', candidates, total * 2));
        assert.deepEqual(
          weights.map((_, i) => found[String(i)]),
          weights.map((weight) => weight * 2),
        );
      }),
    );
  });
});

describe('least pending', () => {
  test('takes the one with the fewest requests', () => {
    assert.equal(names('least_pending', [fake('a', 1, 2), fake('b', 1, 1), fake('c', 1, 3)], 3), 'bbb');
  });

  test('measures by weight: three under way on a target of 4 is less than one on a target of 1', () => {
    assert.equal(names('least_pending', [fake('a', 1, 1), fake('b', 4, 3)], 2), 'bb');
  });

  test('goes around among the idle, by weight', () => {
    assert.deepEqual(counts(names('least_pending', [fake('a'), fake('b', 3)], 8)), { a: 2, b: 6 });
  });
});

describe('power of two', () => {
  test('of two it is the idler', () => {
    const busy = [fake('a', 1, 5), fake('b', 1, 1)];
    assert.equal(names('power_of_two', busy, 20, countedRandom()), 'b'.repeat(20));
  });

  test('the busiest of three is never taken', () => {
    const busy = [fake('a', 1, 9), fake('b'), fake('c')];
    const found = counts(names('power_of_two', busy, 3000, countedRandom()));
    assert.equal(found['a'], undefined);
    assert.ok(found['b']! > 1200 && found['c']! > 1200, JSON.stringify(found));
  });

  test('idle targets are taken by weight', () => {
    const found = counts(names('power_of_two', [fake('a'), fake('b', 3)], 4000, countedRandom()));
    assert.ok(Math.abs(found['b']! - 3000) < 150, JSON.stringify(found));
  });
});

test('each way takes the only one there is', () => {
  for (const balance of balances) assert.equal(names(balance, [fake('a', 7, 3)], 2), 'aa');
});
