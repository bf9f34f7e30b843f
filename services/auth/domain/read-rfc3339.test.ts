import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readRfc3339 } from './read-rfc3339.ts';

test('every time we answer with is read back', () => {
  const times = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
  fc.assert(fc.property(times, (date) => assert.equal(readRfc3339(date.toISOString()), date.getTime())));
});

test('offsets, fractions and lower case are understood', () => {
  const noon = Date.UTC(2026, 0, 2, 12);
  for (const text of [
    '2026-01-02T12:00:00Z',
    '2026-01-02t14:30:00+02:30',
    '2026-01-02T11:00:00.000000-01:00',
  ]) {
    assert.equal(readRfc3339(text), noon, text);
  }
});

test('times before the epoch are times, the first years too', () => {
  assert.equal(readRfc3339('1970-01-01T00:00:00+00:01'), -60_000);
  for (const text of ['0000-02-29T00:00:00.000Z', '0050-06-01T12:00:00.250Z', '1969-12-31T23:59:59.999Z']) {
    assert.equal(new Date(readRfc3339(text)!).toISOString(), text);
  }
});

test('what is no time is refused', () => {
  const bad = [
    '',
    '1',
    '2026-01-02',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-02T24:00:00Z',
    '2026-01-02 00:00:00Z',
    '2026-01-02T00:00:00',
    '2026-01-02T00:00:00+24:00',
    '2026-01-02T00:00:00.Z',
  ];
  for (const text of bad) assert.equal(readRfc3339(text), undefined, text);
});
