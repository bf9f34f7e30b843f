// limit: what the route sets a bound to. The announced length of the body first, because it costs nothing;
// then the rate, counted by the user where there is one and by the client's network else.

import { networkOf } from '@pi-gateway/client-address/canonical-address.ts';
import type { Limit, Limiter } from '@pi-gateway/limiter/limiter.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { Exchange } from '../exchange.ts';
import { routeLimitHeaders } from '../limits/route-limit-headers.ts';

export function limitRequest(x: Exchange, deps: { readonly limiter: Limiter }): void | Promise<void> {
  const { bodyLimitBytes, rateLimit } = x.route!;
  if (x.contentLength !== undefined && x.contentLength > bodyLimitBytes) {
    throw new AppError('payload_too_large');
  }
  if (rateLimit === undefined) return undefined;
  const key = x.claims === undefined ? `net:${networkOf(x.clientAddress)}` : `user:${x.claims.sub}`;
  return take(x, deps.limiter, rateLimit, key);
}

async function take(x: Exchange, limiter: Limiter, limit: Limit, key: string): Promise<void> {
  const state = await limiter.take({ limit, key });
  if (state.limited) throw new AppError('rate_limited', { headers: routeLimitHeaders(limit, state) });
  x.limitState = state;
}
