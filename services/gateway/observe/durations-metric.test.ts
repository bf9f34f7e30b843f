import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram, Registry } from 'prom-client';
import { registerDurations } from './durations-metric.ts';
import { boundsSeconds, Durations, Outcomes } from './tally.ts';

const name = 'some_duration_seconds';
const help = 'For the test.';
const seconds = [0, 0.001, 0.0010001, 0.003, 0.5, 10, 11, 3600];

test('a scrape shows the same histogram as prom-client’s own would', async () => {
  const [ours, theirs] = [new Registry(), new Registry()];
  const durations = new Durations();
  registerDurations(ours, { name, help, labelNames: ['route'] }, () => [[{ route: '/a' }, durations]]);
  const histogram = new Histogram({
    name,
    help,
    labelNames: ['route'],
    buckets: [...boundsSeconds],
    registers: [theirs],
  });
  for (const each of seconds) {
    durations.observe(each);
    histogram.observe({ route: '/a' }, each);
  }
  assert.equal(await ours.metrics(), await theirs.metrics());
});

test('counts are handed out once', () => {
  const outcomes = new Outcomes();
  const take = () => {
    const taken: unknown[] = [];
    outcomes.take(({ method, status, reason, count }) => taken.push([method, status, reason, count]));
    return taken;
  };
  outcomes.count('GET', 200, '');
  outcomes.count('GET', 200, '');
  outcomes.count('GET', 403, 'insufficient_role');
  assert.deepEqual(take(), [
    ['GET', 200, '', 2],
    ['GET', 403, 'insufficient_role', 1],
  ]);
  assert.deepEqual(take(), []);
  outcomes.count('GET', 200, '');
  assert.deepEqual(take(), [['GET', 200, '', 1]]);
});
