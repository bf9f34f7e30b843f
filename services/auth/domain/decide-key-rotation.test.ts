import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideKeyRotation, keyActiveAt } from './decide-key-rotation.ts';

const second = 1_000_000;
const rules = { rotationSeconds: 3600, accessTokenTtlSeconds: 600, clockSkewSeconds: 5 };
const first = { kid: 'a', activeAt: 0 };

test('a new database gets a key that signs at once', () => {
  assert.deepEqual(decideKeyRotation([], 7, rules), { nextActiveAt: 7, dead: [] });
});

test('the next key is published five minutes before it signs, and not twice', () => {
  assert.equal(decideKeyRotation([first], 3299 * second, rules).nextActiveAt, undefined);
  assert.equal(decideKeyRotation([first], 3300 * second, rules).nextActiveAt, 3600 * second);
  const next = { kid: 'b', activeAt: 3600 * second };
  assert.equal(decideKeyRotation([first, next], 3300 * second, rules).nextActiveAt, undefined);
});

test('after a long sleep the next key is still published before it signs', () => {
  assert.equal(decideKeyRotation([first], 9000 * second, rules).nextActiveAt, 9300 * second);
});

test('a short rotation publishes half of it ahead', () => {
  const short = { ...rules, rotationSeconds: 5 };
  assert.equal(decideKeyRotation([first], 2.5 * second, short).nextActiveAt, 5 * second);
});

test('an old key goes only after the last token it signed has died', () => {
  const keys = [first, { kid: 'b', activeAt: 3600 * second }];
  const lastToken = (3600 + 600 + 5) * second;
  assert.deepEqual(decideKeyRotation(keys, lastToken, rules).dead, []);
  assert.deepEqual(decideKeyRotation(keys, lastToken + 301 * second, rules).dead, ['a']);
});

test('the key that became active last signs', () => {
  const keys = [first, { kid: 'b', activeAt: 10 }];
  assert.equal(keyActiveAt(keys, 9)?.kid, 'a');
  assert.equal(keyActiveAt(keys, 10)?.kid, 'b');
  assert.equal(keyActiveAt(keys, -1), undefined);
});
