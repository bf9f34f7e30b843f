import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Priority } from '../routing/route.ts';
import { LoadShedder } from './load-shedder.ts';

/** How many of 1,000 requests are refused. */
function shed(priority: Priority, lagMs: number, normalMs = 300): number {
  const shedder = new LoadShedder(normalMs);
  return Array.from({ length: 1000 }, () => shedder.sheds(priority, lagMs)).filter(Boolean).length;
}

test('each priority has its threshold, and from there to twice of it the share grows from none to all', () => {
  const table = [
    ['low', 100, 0],
    ['low', 150, 500],
    ['low', 200, 1000],
    ['normal', 200, 0],
    ['normal', 300, 0],
    ['normal', 330, 100],
    ['normal', 450, 500],
    ['normal', 600, 1000],
    ['high', 600, 0],
    ['high', 900, 0],
    ['high', 1350, 500],
    ['high', 5000, 1000],
  ] as const;
  for (const [priority, lagMs, expected] of table) {
    const refused = shed(priority, lagMs);
    assert.ok(Math.abs(refused - expected) <= 1, `${priority} at ${lagMs} ms: ${refused}`);
  }
});

test('critical requests are never refused, whatever the lag', () => {
  for (const lagMs of [0, 1000, 60_000, Number.POSITIVE_INFINITY]) assert.equal(shed('critical', lagMs), 0);
});

test('the refusals are spread evenly, not in runs', () => {
  const shedder = new LoadShedder(300);
  const dealt = Array.from({ length: 8 }, () => shedder.sheds('normal', 450));
  assert.deepEqual(dealt, [false, true, false, true, false, true, false, true]);
});

test('switched off, or with a lag that is not known, nothing is refused', () => {
  assert.equal(shed('low', 60_000, Number.POSITIVE_INFINITY), 0);
  assert.equal(shed('low', Number.NaN), 0);
});
