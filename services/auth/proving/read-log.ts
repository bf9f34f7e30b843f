// The audit log out of the database, as a stream of its parts: memory is bounded by a few pages, whatever the log holds.

import { countUpTo, type DigestedEvents, type DigestedPart, sliceEvents } from '../audit/digested-events.ts';
import type { LoggedEvent, LogPart, StoredSeal } from '../audit/log-part.ts';
import { isAfter, type Place, placeOf, readSeal } from '../audit/seal.ts';
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
  yield* merge(snapshot, range, readEvents(snapshot, start), listCuts);
}

/** For whoever verifies it. */
export async function* digestLog(snapshot: Snapshot, range: SealRange): AsyncGenerator<DigestedPart> {
  const start = await findStart(snapshot, range.firstSeal);
  const exact = start && { tx: String(start.tx), id: start.id };
  yield* merge(snapshot, range, digestPages(snapshot, exact), digestCuts);
}

async function* readEvents(snapshot: Snapshot, start: Place | undefined): AsyncGenerator<LoggedEvent[]> {
  for await (const page of snapshot.stream<EventRow>(eventsAfter(start), eventsPerPage)) {
    yield page.map(readEventRow);
  }
}

type Part<P> =
  | { readonly kind: 'seal'; readonly seal: StoredSeal }
  | { readonly kind: 'events'; readonly events: P };

/** How pages of events are cut in two. */
type Cuts<P> = {
  readonly count: (page: P) => number;
  readonly upTo: (page: P, place: Place) => number;
  readonly slice: (page: P, start: number, end: number) => P;
};

const listCuts: Cuts<readonly LoggedEvent[]> = {
  count: (page) => page.length,
  upTo(page, place) {
    const beyond = page.findIndex((event) => isAfter(event, place));
    return beyond === -1 ? page.length : beyond;
  },
  slice: (page, start, end) => page.slice(start, end),
};

const digestCuts: Cuts<DigestedEvents> = {
  count: ({ count }) => count,
  upTo: countUpTo,
  slice: sliceEvents,
};

async function* merge<P>(
  snapshot: Snapshot,
  { firstSeal, lastSeal }: SealRange,
  pages: AsyncGenerator<P>,
  cuts: Cuts<P>,
): AsyncGenerator<Part<P>> {
  const events = groupEvents(pages, cuts);
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

// What was before the first seal belongs to it when no seal before it is there, wherever somebody has put it.
async function findStart(snapshot: Snapshot, firstSeal: number): Promise<Place | undefined> {
  const before = firstSeal === 1 ? undefined : await findSeal(snapshot, firstSeal - 1);
  const seal = before && readSeal(before.text, before.signature);
  return seal && placeOf(seal);
}

/** Cuts pages of events where seals end. */
function groupEvents<P>(pages: AsyncGenerator<P>, { count, upTo, slice }: Cuts<P>) {
  let left: P | undefined;

  /** Undefined: there are no more. */
  async function fill(): Promise<P | undefined> {
    if (left !== undefined && count(left) > 0) return left;
    const { value, done } = await pages.next();
    left = done === true ? undefined : value;
    return left;
  }

  function* take(page: P, end: number): Generator<Part<P>> {
    left = slice(page, end, count(page));
    if (end > 0) yield { kind: 'events', events: slice(page, 0, end) };
  }

  return {
    async *upTo(place: Place): AsyncGenerator<Part<P>> {
      for (let page = await fill(); page !== undefined; page = await fill()) {
        const end = upTo(page, place);
        yield* take(page, end);
        if (end < count(page)) return;
      }
    },
    async *rest(): AsyncGenerator<Part<P>> {
      for (let page = await fill(); page !== undefined; page = await fill()) {
        yield* take(page, count(page));
      }
    },
    async close(): Promise<void> {
      await pages.return(undefined);
    },
  };
}
