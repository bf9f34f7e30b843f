import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isUuidV7, uuidV7, uuidV7Micros } from './uuid-v7.ts';

const micros = fc.integer({ min: 0, max: 4_102_444_800_000_000 });

test('an id gives back the microsecond it was made for', () => {
  fc.assert(fc.property(micros, (at) => assert.equal(uuidV7Micros(uuidV7(at)), at)));
});

test('ids of a later microsecond sort later', () => {
  fc.assert(fc.property(micros, (at) => assert.ok(uuidV7(at) < uuidV7(at + 1))));
});

test('ids have the one form we accept', () => {
  fc.assert(fc.property(micros, (at) => assert.ok(isUuidV7(uuidV7(at)))));
  assert.equal(isUuidV7('00000000-0000-4000-8000-000000000000'), false);
  assert.equal(isUuidV7(uuidV7(0).toUpperCase()), false);
});

test('two ids of one microsecond differ', () => {
  assert.notEqual(uuidV7(1), uuidV7(1));
});
