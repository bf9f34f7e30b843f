import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventSampler } from './event-sampler.ts';

function start() {
  let nowMs = 0;
  const sampler = new EventSampler<number>(() => nowMs);
  let made = 0;
  const of = (key: string | undefined, network = 'one', kind = 'kind') =>
    sampler.sample({ kind, key, network, item: (made += 1) });
  const times = (count: number, make: (i: number) => boolean) =>
    Array.from({ length: count }, (_, i) => make(i)).filter(Boolean).length;
  return { sampler, of, times, pass: (ms: number) => (nowMs += ms) };
}

test('of one key twenty are written, then one each three seconds; the last of the others stands for all of them', () => {
  const { sampler, of, times, pass } = start();
  assert.equal(
    times(50, () => of('a')),
    20,
  );
  assert.equal(of('b'), true);
  assert.deepEqual(sampler.drain(), [{ item: 50, count: 30, shared: 'network' }]);
  assert.deepEqual(sampler.drain(), []);
  pass(3000);
  assert.equal(
    times(2, () => of('a')),
    1,
  );
});

test('of one network as many are written as a crowd makes, whatever each is about', () => {
  const { sampler, of, times, pass } = start();
  assert.equal(
    times(100_000, (i) => of(`account ${i}`, 'flood')),
    500,
  );
  assert.equal(of('account', 'other'), true);
  assert.deepEqual(
    sampler.drain().map(({ count, shared }) => [count, shared]),
    [[99_500, 'network']],
  );
  pass(60_000);
  assert.equal(
    times(600, (i) => of(`later ${i}`, 'flood')),
    500,
  );
});

test('of all networks together no more are written than the disk takes, and every single one is counted', () => {
  const { sampler, of, times, pass } = start();
  let written = times(50_000, (i) => of(`key ${i}`, `network ${i}`));
  assert.equal(written, 1200);
  let counted = 0;
  let rows = 0;
  for (let second = 0; second < 60; second += 2) {
    for (const { count } of sampler.drain()) {
      counted += count;
      rows += 1;
    }
    pass(2000);
    written += times(1000, (i) => of(`key ${second} ${i}`, `network ${second} ${i}`));
  }
  for (const { count } of sampler.drain()) counted += count;
  assert.equal(written + counted, 80_000);
  assert.equal(written, 1200 + 30 * 20);
  // Twenty counts of a network and one of the rest, each two seconds.
  assert.ok(rows <= 30 * 21, String(rows));
});

test('what happens every day does not use up what others are written by', () => {
  const { sampler, of, times } = start();
  const expired = (i: number) =>
    sampler.sample({ kind: 'expired', key: `${i}`, network: 'one', isEveryday: true, item: i });
  assert.equal(times(5000, expired), 500);
  assert.equal(
    times(5000, (i) => of(`key ${i}`)),
    500,
  );
});

test('counts of more networks than there is room for go together by kind', () => {
  const { sampler } = start();
  for (let i = 0; i < 30; i += 1) {
    sampler.count({ kind: i % 2 === 0 ? 'even' : 'odd', network: `n${i}`, key: 'k', item: i }, 2);
  }
  const tallies = sampler.drain();
  assert.equal(tallies.filter(({ shared }) => shared === 'network').length, 20);
  assert.deepEqual(tallies.slice(20), [
    { item: 28, count: 10, shared: 'kind' },
    { item: 29, count: 10, shared: 'kind' },
  ]);
});

test('what costs a password hash is written one by one, up to what hashes can make for long', () => {
  const { of, times, pass } = start();
  assert.equal(
    times(12_000, () => of(undefined, 'n', 'login.failed')),
    10_000,
  );
  pass(1000);
  assert.equal(
    times(100, () => of(undefined, 'n', 'login.failed')),
    20,
  );
  assert.equal(of('a'), true, 'beside it all else goes on');
});
