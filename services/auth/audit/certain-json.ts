// What an event may say, so that whoever seals it and whoever verifies it read the same: JSON numbers are doubles here
// and decimals in PostgreSQL, and keys that JSON escapes are not read back for certain (V8 reads some as `\` once
// it has parsed that key: nodejs/node#63785). So: texts, booleans, nulls, safe integers, lists and objects of plain names.

import assert from 'node:assert/strict';

const plainName = /^[A-Za-z0-9_.:-]{1,64}$/;

/** An undefined member is left out, as by JSON.stringify. @throws {AssertionError} a mistake of the one who wrote it. */
export function assertCertainJson(value: unknown): void {
  if (value === null || typeof value === 'boolean') return;
  // Neither UTF-8 nor PostgreSQL holds half a character or a zero.
  if (typeof value === 'string')
    return assert.ok(value.isWellFormed() && !value.includes('\0'), 'an uncertain text');
  if (typeof value === 'number') return assert.ok(Number.isSafeInteger(value), 'an uncertain number');
  assert.ok(typeof value === 'object', 'no JSON');
  if (Array.isArray(value)) return value.forEach(assertCertainJson);
  for (const [name, member] of Object.entries(value)) {
    assert.match(name, plainName, 'an uncertain name');
    if (member !== undefined) assertCertainJson(member);
  }
}
