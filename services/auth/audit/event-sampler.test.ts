import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEventSampler } from './event-sampler.ts';

test('of one key twenty events a minute are written, and the next one tells of those left out', () => {
  let now = 0;
  const sampler = createEventSampler(() => now);
  const write = (times: number) => Array.from({ length: times }, () => sampler.sample('a', 'network'));
  assert.deepEqual(
    write(20),
    Array.from({ length: 20 }, () => ({ suppressed: 0 })),
  );
  assert.deepEqual(write(3), [undefined, undefined, undefined]);
  assert.deepEqual(sampler.sample('b', 'network'), { suppressed: 0 });
  now = 60_000;
  assert.deepEqual(write(2), [{ suppressed: 3 }, { suppressed: 0 }]);
});

test('keys are bounded: the one opened longest ago is forgotten', () => {
  const sampler = createEventSampler(() => 0);
  for (let i = 0; i <= 20; i++) sampler.sample('first', 'network');
  for (let i = 0; i < 10_000; i++) sampler.sample(`other ${i}`, `network ${i}`);
  assert.deepEqual(sampler.sample('first', 'network'), { suppressed: 0 });
});

test('of one network no more are written than a crowd makes, whatever account each is about', () => {
  let now = 0;
  const sampler = createEventSampler(() => now);
  const write = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => sampler.sample(`account ${from + i}`, 'flood')).filter(
      Boolean,
    );
  assert.equal(write(0, 100_000).length, 500);
  assert.deepEqual(sampler.sample('account 1', 'other'), { suppressed: 0 });
  now = 60_000;
  assert.deepEqual(write(200_000, 200_002), [{ suppressed: 99_500 }, { suppressed: 0 }]);
});
