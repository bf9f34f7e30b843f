import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertLinear } from './assert-linear.ts';

test('work that grows with the size passes, work that grows with its square fails', () => {
  const scan = /x+$/;
  assertLinear('one pass', 1_000_000, (size) => assert.equal('ab'.repeat(size / 2).indexOf('c'), -1));
  assert.throws(
    () => assertLinear('a pass a character', 8_000, (size) => assert.ok(!scan.test(`${'x'.repeat(size)}y`))),
    /a pass a character: 32 times/,
  );
});
