import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryBudget } from './retry-budget.ts';

test('a failing service is not asked much more often than without retries', () => {
  const budget = new RetryBudget();
  let retries = 0;
  for (let i = 0; i < 1000; i++) {
    budget.noteRequest();
    if (budget.take()) retries += 1;
  }
  assert.ok(retries <= 211, `${retries} retries for 1,000 requests`);
});

test('a busy target that dies with all that it had under way is made up for', () => {
  const budget = new RetryBudget();
  for (let i = 0; i < 1000; i++) budget.noteRequest();
  const taken = Array.from({ length: 200 }, () => budget.take()).filter(Boolean);
  assert.equal(taken.length, 100);
});
