// Follows the audit log for whoever listens. Each listener has one place in the log and asks twice a second from there, so
// that nothing lies between what is replayed and what is new; with no listener nothing is asked. Bounded in listeners.

import { setTimeout as delay } from 'node:timers/promises';
import type { Place } from '../audit/seal.ts';
import type { Queryable } from '../db/database.ts';
import { withTimeBudget } from '../db/time-budget.ts';
import { readTail, type TailEvent, type TailFilter } from '../store/audit-tail.ts';

export type AuditTail = {
  /** Undefined: too many listen. Give the place back when it is over. */
  enter(): { readonly leave: () => void } | undefined;
  /** Aborted when the service ends. */
  readonly signal: AbortSignal;
  close(): void;
};

export function createAuditTail(listenersMax: number): AuditTail {
  const stop = new AbortController();
  let listeners = 0;
  return {
    enter() {
      if (listeners >= listenersMax || stop.signal.aborted) return undefined;
      listeners++;
      let isIn = true;
      return {
        leave() {
          if (isIn) listeners--;
          isIn = false;
        },
      };
    },
    signal: stop.signal,
    close: () => stop.abort(),
  };
}

const askMs = 500;
const windowSize = 500;

/**
 * What comes after a place, in order, a batch at a time: an empty one when there was nothing for now. Ends with `signal`.
 * @throws {AppError} `unavailable` when the database cannot answer.
 */
export async function* followTail(
  db: Queryable,
  from: Place,
  filter: TailFilter,
  signal?: AbortSignal,
): AsyncGenerator<readonly TailEvent[], void> {
  let place = from;
  const isOver = () => signal?.aborted === true;
  while (!isOver()) {
    // A listener stays for longer than a request: each question has a budget of its own.
    const { events, reached } = await withTimeBudget(() => readTail(db, place, filter, windowSize));
    yield events;
    if (reached !== undefined) place = reached;
    else await delay(askMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}
