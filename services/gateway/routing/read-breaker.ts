// `breaker:` of a service in gateway.yaml: when a target whose requests fail is left out.

import type { BreakerRule } from '../upstreams/circuit-breaker.ts';
import type { Field, NodeReader } from './read-node.ts';

export const breakerKeys = ['failure_percent', 'min_requests', 'window_ms'] as const;

const fallback: BreakerRule = Object.freeze({ failurePercent: 50, minRequests: 20, windowMs: 10_000 });

/** undefined when it is switched off. */
export function readBreaker(reader: NodeReader, field: Field | undefined): BreakerRule | undefined {
  if (field === undefined) return fallback;
  if (!reader.isMapping(field.value)) {
    reader.word(field.value, 'breaker', ['off']);
    return undefined;
  }
  const fields = reader.fields(field.value, breakerKeys, 'breaker');
  const read = (key: (typeof breakerKeys)[number], min: number, max: number, other: number) => {
    const given = fields?.get(key);
    return given === undefined ? other : (reader.whole(given.value, key, min, max) ?? other);
  };
  return Object.freeze({
    failurePercent: read('failure_percent', 1, 100, fallback.failurePercent),
    minRequests: read('min_requests', 1, 1_000_000, fallback.minRequests),
    windowMs: read('window_ms', 100, 3_600_000, fallback.windowMs),
  });
}
