// The audit log out of the database, as a stream of its parts: memory is bounded by a few pages, whatever the log holds.

import type { DigestedPart } from '../audit/digested-event.ts';
import type { LoggedEvent, LogPart, StoredSeal } from '../audit/log-part.ts';
import { beforeAll, isAfter, type Place, placeOf, readSeal } from '../audit/seal.ts';
import type { Snapshot } from '../db/read-snapshot.ts';
import { type EventRow, eventsAfter, readEventRow, sealsBetween } from '../store/audit-reading.ts';
import { findSeal } from '../store/audit-seals.ts';
import { digestPages } from './digest-pages.ts';

export type SealRange = {
  readonly firstSeal: number;
  /** Undefined: to the end, with the events that no seal holds yet. */
  readonly lastSeal: number | undefined;
};

const eventsPerPage = 2000;
const sealsPerPage = 16;

/** For whoever writes it down. */
export async function* readLog(snapshot: Snapshot, range: SealRange): AsyncGenerator<LogPart> {
  const start = await findStart(snapshot, range.firstSeal);
  yield* merge(snapshot, range, readEvents(snapshot, start));
}

/** For whoever verifies it. */
export async function* digestLog(snapshot: Snapshot, range: SealRange): AsyncGenerator<DigestedPart> {
  const start = await findStart(snapshot, range.firstSeal);
  yield* merge(snapshot, range, digestPages(snapshot, start));
}

async function* readEvents(snapshot: Snapshot, start: Place): AsyncGenerator<LoggedEvent[]> {
  for await (const page of snapshot.stream<EventRow>(eventsAfter(start), eventsPerPage)) {
    yield page.map(readEventRow);
  }
}

type Part<E> =
  | { readonly kind: 'seal'; readonly seal: StoredSeal }
  | { readonly kind: 'events'; readonly events: readonly E[] };

async function* merge<E extends Place>(
  snapshot: Snapshot,
  { firstSeal, lastSeal }: SealRange,
  pages: AsyncGenerator<E[]>,
): AsyncGenerator<Part<E>> {
  const events = groupEvents(pages);
  try {
    const last = lastSeal ?? Number.MAX_SAFE_INTEGER;
    for await (const page of snapshot.stream<StoredSeal>(sealsBetween(firstSeal, last), sealsPerPage)) {
      for (const seal of page) {
        yield { kind: 'seal', seal };
        const read = readSeal(seal.text, seal.signature);
        // One that cannot be read leaves its events to the next.
        if (read !== undefined) yield* events.upTo(placeOf(read));
      }
    }
    if (lastSeal === undefined) yield* events.rest();
  } finally {
    await events.close();
  }
}

// What was before the first seal belongs to it when no seal before it is there.
async function findStart(snapshot: Snapshot, firstSeal: number): Promise<Place> {
  const before = firstSeal === 1 ? undefined : await findSeal(snapshot, firstSeal - 1);
  return before === undefined ? beforeAll : placeOf(readSeal(before.text, before.signature));
}

/** Cuts pages of events where seals end. */
function groupEvents<E extends Place>(pages: AsyncGenerator<E[]>) {
  let left: readonly E[] = [];

  async function fill(): Promise<boolean> {
    if (left.length > 0) return true;
    const { value, done } = await pages.next();
    left = done === true ? [] : value;
    return left.length > 0;
  }

  function* take(count: number): Generator<Part<E>> {
    const events = left.slice(0, count);
    left = left.slice(count);
    if (events.length > 0) yield { kind: 'events', events };
  }

  return {
    async *upTo(place: Place): AsyncGenerator<Part<E>> {
      while (await fill()) {
        const beyond = left.findIndex((event) => isAfter(event, place));
        yield* take(beyond === -1 ? left.length : beyond);
        if (beyond !== -1) return;
      }
    },
    async *rest(): AsyncGenerator<Part<E>> {
      while (await fill()) yield* take(left.length);
    },
    async close(): Promise<void> {
      await pages.return(undefined);
    },
  };
}
