import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BoundedMap } from './bounded-map.ts';

test('it never holds more than its bound, and always what was put in last', () => {
  const entries = fc.array(fc.tuple(fc.nat(60).map(String), fc.integer({ min: -1, max: 5 })));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), entries, (bound, puts) => {
      const map = new BoundedMap<number>(bound, (weight) => weight);
      for (const [key, weight] of puts) {
        map.set(key, weight);
        assert.equal(map.get(key), weight);
        assert.ok(map.size <= bound);
      }
    }),
  );
});

test('below its bound it forgets nothing', () => {
  const map = new BoundedMap<number>(100, (weight) => weight);
  for (let round = 0; round < 3; round += 1) for (let i = 0; i < 100; i += 1) map.set(`${i}`, i);
  for (let i = 0; i < 100; i += 1) assert.equal(map.get(`${i}`), i);
});

test('a heavy entry outlives a flood of light ones', () => {
  const map = new BoundedMap<number>(1000, (weight) => weight);
  map.set('heavy', 1);
  for (let i = 0; i < 100_000; i += 1) map.set(`light${i}`, 0.05);
  assert.equal(map.get('heavy'), 1);
});

test('of those weighed, one that is worth nothing goes before any other', () => {
  const map = new BoundedMap<number>(8, (weight) => weight);
  for (let i = 0; i < 7; i += 1) map.set(`${i}`, 1);
  map.set('over', 0);
  map.set('new', 1);
  assert.equal(map.get('over'), undefined);
  assert.equal(map.size, 8);
});
