import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideKeyRevocation, decideKeyRotation, keyActiveAt } from './decide-key-rotation.ts';

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
  const short = { ...rules, rotationSeconds: 100 };
  assert.equal(decideKeyRotation([first], 49 * second, short).nextActiveAt, undefined);
  assert.equal(decideKeyRotation([first], 50 * second, short).nextActiveAt, 100 * second);
});

test('however short the rotation, no key signs before every gateway has refreshed its keys three times', () => {
  const short = { ...rules, rotationSeconds: 5 };
  let keys = [first];
  for (let now = 0; now < 120 * second; now += second / 2) {
    const { nextActiveAt } = decideKeyRotation(keys, now, short);
    if (nextActiveAt === undefined) continue;
    assert.ok(nextActiveAt >= now + 15 * second);
    keys = [...keys, { kid: String(keys.length), activeAt: nextActiveAt }];
  }
  const times = keys.map(({ activeAt }) => activeAt / second).slice(1);
  assert.deepEqual(
    times,
    times.map((_, i) => 15 + 5 * i),
  );
});

test('a withdrawn key is followed at once if it signs, an older or a coming one just goes', () => {
  const keys = [first, { kid: 'b', activeAt: 10 }, { kid: 'c', activeAt: 20 }];
  const decide = (kid: string) => decideKeyRevocation(keys, kid, 15);
  assert.deepEqual(decide('a'), { kind: 'revoke', isSigning: false });
  assert.deepEqual(decide('b'), { kind: 'revoke', isSigning: true });
  assert.deepEqual(decide('c'), { kind: 'revoke', isSigning: false });
  assert.deepEqual(decide('d'), { kind: 'unknown' });
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
