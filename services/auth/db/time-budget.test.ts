import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { spendTime, timeLeftMs, withTimeBudget } from './time-budget.ts';

test('each request has its own budget, through everything it waits for, and outside there is none', async () => {
  async function request(ms: number): Promise<number> {
    await turn();
    spendTime(ms);
    await turn();
    spendTime(ms);
    return timeLeftMs();
  }
  const [first, second] = await Promise.all([
    withTimeBudget(() => request(100)),
    withTimeBudget(() => request(1)),
  ]);
  assert.equal(second - first, 198);
  assert.ok(second < 2000);
  spendTime(100);
  assert.equal(timeLeftMs(), Number.POSITIVE_INFINITY);
});
