// RateLimit and RateLimit-Policy as structured fields (draft-ietf-httpapi-ratelimit-headers sections 3 and 4), and
// Retry-After (RFC 9110 section 10.2.3) when an attempt was refused: then never less than any `t`.

import type { BucketState, Limit } from './limiter.ts';

export type LimitAndState = { readonly limit: Limit; readonly state: BucketState };

/** Headers in lower case, in the order of the limits; none when no limit applied. */
export function rateLimitHeaders(states: readonly LimitAndState[]): Record<string, string> {
  if (states.length === 0) return {};
  const headers: Record<string, string> = {
    ratelimit: states
      .map(({ limit, state }) => `"${limit.name}";r=${state.remaining};t=${state.resetSeconds}`)
      .join(', '),
    'ratelimit-policy': states
      .map(({ limit }) => `"${limit.name}";q=${limit.count};w=${limit.periodSeconds}`)
      .join(', '),
  };
  if (states.some(({ state }) => state.limited)) {
    headers['retry-after'] = String(Math.max(1, ...states.map(({ state }) => state.resetSeconds)));
  }
  return headers;
}
