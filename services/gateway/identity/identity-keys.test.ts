import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdentityKeys, identityPeriodMs } from './identity-keys.ts';

const masterKey = Buffer.alloc(32, 7);
const open = (epoch = 1, key = masterKey) => new IdentityKeys(key, epoch);
const nowMs = identityPeriodMs * 3000 + 12_345;
const kids = (keys: IdentityKeys, atMs: number) => keys.all(atMs).map(({ kid }) => kid);

test('every process with this master key has the same keys, and nobody with another', () => {
  assert.deepEqual(
    open()
      .all(nowMs)
      .map(({ jwk }) => jwk),
    open()
      .all(nowMs)
      .map(({ jwk }) => jwk),
  );
  const others = kids(open(1, Buffer.alloc(32, 8)), nowMs);
  assert.ok(kids(open(), nowMs).every((kid) => !others.includes(kid)));
});

test('a key is published a week before it signs and a week after', () => {
  const keys = open();
  const { kid } = keys.current(nowMs);
  for (const weeks of [-1, 0, 1]) assert.ok(kids(keys, nowMs + weeks * identityPeriodMs).includes(kid));
  for (const weeks of [-2, 2]) assert.ok(!kids(keys, nowMs + weeks * identityPeriodMs).includes(kid));
  assert.notEqual(keys.current(nowMs + identityPeriodMs).kid, kid);
});

test('a clock that is a little ahead or behind signs with a key that all have', () => {
  const edgeMs = identityPeriodMs * 3001;
  for (const atMs of [edgeMs - 1000, edgeMs + 1000]) {
    for (const skewMs of [-5000, 5000]) {
      assert.ok(kids(open(), atMs).includes(open().current(atMs + skewMs).kid));
    }
  }
});

test('a new epoch: its keys are known beforehand, those before it no more', () => {
  const [old, next] = [open(1), open(2)];
  assert.ok(kids(old, nowMs).includes(next.current(nowMs).kid));
  assert.ok(!kids(next, nowMs).includes(old.current(nowMs).kid));
});

test('what is published holds no private part', () => {
  for (const { jwk } of open().all(nowMs)) {
    assert.deepEqual(Object.keys(jwk), ['kty', 'crv', 'x', 'y', 'kid', 'alg', 'use']);
  }
});
