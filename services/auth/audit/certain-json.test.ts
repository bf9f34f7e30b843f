import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertCertainJson } from './certain-json.ts';

test('texts, booleans, nulls, safe integers, lists and objects of plain names may stand in an event', () => {
  for (const value of [
    {},
    { reason: 'wrong_password', 'n-1': -1, more: [true, null, { 'a.b': 'é 😀 "\\\n' }], not: undefined },
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
  ]) {
    assertCertainJson(value);
  }
});

test('numbers that JSON and PostgreSQL may write in two ways may not, however deep', () => {
  for (const number of [2 ** 53, -(2 ** 53), 1e21, 1e300, 1e-7, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => assertCertainJson({ a: [{ b: number }] }),
      { message: /uncertain number/ },
      `${number}`,
    );
  }
});

test('names that JSON escapes, half characters and zeros may not: they are not read back for certain', () => {
  for (const name of ['', '"', '\\', '\t', 'é', '\u0000', 'a'.repeat(65)]) {
    assert.throws(() => assertCertainJson({ a: { [name]: 1 } }), { message: /uncertain name/ }, name);
  }
  for (const text of ['\ud800', 'a\0']) {
    assert.throws(() => assertCertainJson([text]), { message: /uncertain text/ });
  }
  for (const value of [undefined, () => 1, 1n]) {
    assert.throws(() => assertCertainJson(value), { message: /no JSON/ });
  }
});
