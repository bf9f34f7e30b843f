import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConcurrencyLimits, type Entered } from './concurrency.ts';

const permitOf = (entered: Entered) => {
  assert.equal(entered.kind, 'entered');
  return entered.kind === 'entered' ? entered.permit : assert.fail();
};

test('a route takes as many as its limit, and one more for each that leaves', () => {
  const limits = new ConcurrencyLimits();
  const enter = () => limits.enter({ name: '/a', route: 2, caller: undefined }, 'ann');
  const first = permitOf(enter());
  permitOf(enter());
  assert.deepEqual(enter(), { kind: 'full', of: 'route' });
  first.release();
  permitOf(enter());
  assert.deepEqual(enter(), { kind: 'full', of: 'route' });
});

test('a caller cannot take another caller’s place, nor a route another route’s', () => {
  const limits = new ConcurrencyLimits();
  const enter = (name: string, caller: string) => limits.enter({ name, route: undefined, caller: 1 }, caller);
  permitOf(enter('/a', 'ann'));
  assert.deepEqual(enter('/a', 'ann'), { kind: 'full', of: 'caller' });
  permitOf(enter('/a', 'bob'));
  permitOf(enter('/b', 'ann'));
});

test('a refusal takes nothing', () => {
  const limits = new ConcurrencyLimits();
  const limit = { name: '/a', route: 3, caller: 1 };
  const first = permitOf(limits.enter(limit, 'ann'));
  for (let i = 0; i < 10; i++) assert.equal(limits.enter(limit, 'ann').kind, 'full');
  first.release();
  permitOf(limits.enter(limit, 'ann'));
});

test('what nobody holds takes no memory', () => {
  const limits = new ConcurrencyLimits();
  const permits = Array.from({ length: 300 }, (_, i) =>
    permitOf(limits.enter({ name: `/${i % 3}`, route: 1000, caller: 10 }, `user-${i}`)),
  );
  assert.equal(limits.size, 3);
  for (const permit of permits) permit.release();
  assert.equal(limits.size, 0);
});
