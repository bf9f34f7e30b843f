import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { until } from '../testing/start-test-gateway.ts';
import { coarseClock, type Swept } from './coarse-clock.ts';

const followed: Swept[] = [];
afterEach(() => {
  for (const one of followed.splice(0)) coarseClock.leave(one);
});

function follow(sweep: (nowMs: number) => void): void {
  const one = { sweep };
  followed.push(one);
  coarseClock.follow(one);
}

test('a deadline is never early', async () => {
  const deadlineMs = coarseClock.nowMs() + 120;
  const setMs = performance.now();
  let firedMs = 0;
  follow((nowMs) => {
    if (nowMs >= deadlineMs && firedMs === 0) firedMs = performance.now();
  });
  await until('the deadline', () => firedMs > 0);
  assert.ok(firedMs - setMs >= 120, `${firedMs - setMs} ms`);
});

test('time in which this process did not run counts a quarter of a second and no more', async () => {
  const sweeps: number[] = [];
  follow((nowMs) => void sweeps.push(nowMs));
  await until('a tick', () => sweeps.length > 0);
  const before = sweeps.at(-1)!;
  const seen = sweeps.length;
  // Nothing else runs meanwhile, as when the process is stopped.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
  await until('the next tick', () => sweeps.length > seen);
  assert.ok(sweeps[seen]! - before < 600, `${sweeps[seen]! - before} ms counted`);
});

test('it stands still when nobody follows it', async () => {
  let ticks = 0;
  follow(() => void (ticks += 1));
  await until('a tick', () => ticks > 0);
  coarseClock.leave(followed.pop()!);
  const left = ticks;
  let others = 0;
  follow(() => void (others += 1));
  await until('ticks for another', () => others > 2);
  assert.equal(ticks, left);
});
