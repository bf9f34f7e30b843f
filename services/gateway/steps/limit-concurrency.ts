// limit: how many requests of the route are under way at once, open WebSockets and streams included. The place is
// held until the exchange ends.

import { rateLimitHeaders } from '@pi-gateway/limiter/rate-limit-headers.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { Exchange } from '../exchange.ts';
import { callerKey } from '../limits/caller-key.ts';
import type { ConcurrencyLimits } from '../limits/concurrency.ts';

/** @throws {AppError} overloaded when the route is full, rate_limited when the caller holds all of his places. */
export function limitConcurrency(x: Exchange, deps: { readonly concurrency: ConcurrencyLimits }): void {
  const { concurrency: limit } = x.route!;
  if (limit === undefined) return;
  const entered = deps.concurrency.enter(limit, callerKey(x));
  if (entered.kind === 'entered') {
    x.permit = entered.permit;
    return;
  }
  x.reason = `${entered.of}_full`;
  if (entered.of === 'route') throw new AppError('overloaded');
  const full = { limited: true, remaining: 0, resetSeconds: 1 };
  const policy = { name: 'concurrency', count: limit.caller!, periodSeconds: 1 };
  throw new AppError('rate_limited', { headers: rateLimitHeaders([{ limit: policy, state: full }]) });
}
