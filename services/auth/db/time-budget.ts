// How long one request may wait for the database in all, however many statements and transactions it makes: an
// answer within two seconds is promised for the request, not for each of them. What it spends elsewhere (a password
// hash, the body of a slow client) does not count. Kept in the asynchronous context, so that no route has to hand
// it on; outside a request there is no budget.

import { AsyncLocalStorage } from 'node:async_hooks';

const perRequestMs = 1750;
const budgets = new AsyncLocalStorage<{ leftMs: number }>();

/** Runs `work`, and whatever it begins, within a fresh budget. */
export function withTimeBudget<T>(work: () => T): T {
  return budgets.run({ leftMs: perRequestMs }, work);
}

/** Infinity outside a request. */
export function timeLeftMs(): number {
  return budgets.getStore()?.leftMs ?? Number.POSITIVE_INFINITY;
}

export function spendTime(ms: number): void {
  const budget = budgets.getStore();
  if (budget !== undefined) budget.leftMs -= ms;
}
