// limit: what the route sets a bound to. The sizes first, because they cost nothing; then the rate.

import type { Limiter } from '@pi-gateway/limiter/limiter.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { Exchange } from '../exchange.ts';
import { rateKey } from '../limits/caller-key.ts';
import { routeLimitHeaders } from '../limits/route-limit-headers.ts';
import type { RateLimit } from '../routing/route.ts';

export type LimitDeps = {
  readonly limiter: Limiter;
  /** Hides the values of headers that are counted by. */
  readonly limitSecret: Buffer;
};

/** @throws {AppError} payload_too_large, headers_too_large, rate_limited. */
export function limitRequest(x: Exchange, deps: LimitDeps): void | Promise<void> {
  const { bodyLimitBytes, headerLimitBytes, rateLimit } = x.route!;
  if (x.contentLength !== undefined && x.contentLength > bodyLimitBytes) {
    throw new AppError('payload_too_large');
  }
  if (headerLimitBytes !== undefined && bytesOf(x.headers) > headerLimitBytes) {
    throw new AppError('headers_too_large');
  }
  return rateLimit === undefined ? undefined : take(x, deps, rateLimit);
}

async function take(x: Exchange, { limiter, limitSecret }: LimitDeps, limit: RateLimit): Promise<void> {
  const state = await limiter.take({ limit, key: rateKey(x, limit, limitSecret) });
  if (state.limited) throw new AppError('rate_limited', { headers: routeLimitHeaders(limit, state) });
  x.limitState = state;
}

/** As they stand on the wire: with ": " and CRLF. */
function bytesOf(headers: readonly string[]): number {
  return headers.reduce((bytes, text) => bytes + text.length + 2, 0);
}
