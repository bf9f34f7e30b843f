// A time as the value of an option.

import { readRfc3339 } from '@pi-gateway/auth/domain/read-rfc3339.ts';
import { InvalidArgumentError } from 'commander';

/** Milliseconds since the epoch, and as it was given. A day without a time is its first instant, in UTC. */
export type GivenTime = { readonly text: string; readonly millis: number };

/** @throws {InvalidArgumentError} for what is no time of RFC 3339, nor a day. */
export function readTime(given: string): GivenTime {
  const text = /^\d{4}-\d\d-\d\d$/.test(given) ? `${given}T00:00:00Z` : given;
  const millis = readRfc3339(text);
  if (millis === undefined || millis < 0) {
    throw new InvalidArgumentError('Give a time as 2026-11-28T00:00:00Z, or a day as 2026-11-28.');
  }
  return { text, millis };
}
