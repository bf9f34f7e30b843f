import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { decodeRevocations, encodeRevocations, readRevocations } from './revocation-header.ts';

const revocation = { kind: 'session', id: uuidV7(5_000_000), notBefore: 5_000_000, until: 700 } as const;

test('what is encoded is what is decoded', () => {
  assert.deepEqual(decodeRevocations(encodeRevocations([revocation])), [revocation]);
});

test('a header stays within what every server takes', () => {
  const many = Array.from({ length: 1000 }, () => revocation);
  assert.ok(encodeRevocations(many).length <= 8192);
});

test('anything odd is refused as a whole', () => {
  for (const json of [
    null,
    {},
    [null],
    [{ ...revocation }],
    [{ kind: 'all', id: 'x', not_before: 1, until: 1 }],
  ]) {
    assert.throws(() => readRevocations(json));
  }
});
