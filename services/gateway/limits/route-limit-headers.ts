// What a client is told of the limit of a route.

import type { BucketState, Limit } from '@pi-gateway/limiter/limiter.ts';
import { rateLimitHeaders } from '@pi-gateway/limiter/rate-limit-headers.ts';

/** `RateLimit`, `RateLimit-Policy` and, when limited, `Retry-After`, under the public name of the limit. */
export function routeLimitHeaders(limit: Limit, state: BucketState): Record<string, string> {
  return rateLimitHeaders([{ limit: { ...limit, name: 'route' }, state }]);
}
