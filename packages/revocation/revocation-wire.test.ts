import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import fc from 'fast-check';
import { type Revocation, revocationKinds } from './revocation.ts';
import { fromWire, toWire } from './revocation-wire.ts';

const revocation: fc.Arbitrary<Revocation> = fc.record(
  {
    kind: fc.constantFrom(...revocationKinds),
    id: fc.nat().map(uuidV7),
    notBefore: fc.maxSafeNat(),
    until: fc.maxSafeNat(),
  },
  { noNullPrototype: true },
);

test('what is written is read back', () => {
  fc.assert(
    fc.property(revocation, (it) => {
      assert.deepEqual(fromWire(JSON.parse(JSON.stringify(toWire(it)))), it);
    }),
  );
});

test('a value with one thing wrong is none, and no JSON makes it throw', () => {
  const good = toWire({ kind: 'user', id: uuidV7(1), notBefore: 1, until: 2 });
  for (const wrong of [
    { kind: 'token' },
    { kind: undefined },
    { id: 'x' },
    { id: uuidV7(1).toUpperCase() },
    { id: [uuidV7(1)] },
    { not_before: -1 },
    { not_before: 1.5 },
    { not_before: '1' },
    { not_before: 1e300 },
    { until: null },
    { until: Number.NaN },
  ]) {
    assert.equal(fromWire({ ...good, ...wrong }), undefined, JSON.stringify(wrong));
  }
  fc.assert(fc.property(fc.jsonValue(), (json) => assert.equal(fromWire(json), undefined)));
});
