// What a verification needs of events: where each stands, the hash of its leaf, and how its person stands to it. Those
// of a page lie side by side in a few arrays: an object for each of a million events would cost more than hashing it.

import { hash } from 'node:crypto';
import { compareUuids, readUuid, uuidBytes, writeUuid } from '@pi-gateway/uuid/uuid-bytes.ts';
import { encodeEvent } from './event-record.ts';
import type { LoggedEvent, StoredSeal } from './log-part.ts';
import { hashBytes } from './merkle-tree.ts';
import { hashPersonal } from './personal-hash.ts';
import type { Place } from './seal.ts';

export type DigestedEvents = {
  readonly count: number;
  readonly txs: Float64Array;
  /** 16 bytes each. */
  readonly ids: Buffer;
  /** 32 bytes each. */
  readonly leaves: Buffer;
  /** Which of `personStates`. */
  readonly persons: Uint8Array;
  /** What is needed of few, by where they stand: of an erasure, and of an event whose side row is gone. */
  readonly names: ReadonlyMap<number, EventNames>;
};

/** Of the side row: the event has none, it holds, it is another, there is one and should not be, it is gone. */
export const personStates = ['none', 'held', 'edited', 'inserted', 'gone'] as const;
export type PersonState = (typeof personStates)[number];

export type EventNames = {
  readonly event: string;
  readonly actorId: string | null;
  readonly targetId: string | null;
  readonly data: unknown;
};

export type DigestedPart =
  | { readonly kind: 'seal'; readonly seal: StoredSeal }
  | { readonly kind: 'events'; readonly events: DigestedEvents };

export const erasureName = 'user.erased';

export function digestLeaf(text: string): string {
  return hash('sha256', `\0${text}`, 'binary');
}

type EventDigest = {
  readonly tx: number;
  /** 32 bytes, as a string of bytes. */
  readonly leaf: string;
  readonly person: PersonState;
  readonly names: EventNames | undefined;
};

/** Room for `count` events, to be filled one after the other. */
export function openDigests(count: number) {
  const events = {
    count,
    txs: new Float64Array(count),
    ids: Buffer.allocUnsafe(count * uuidBytes),
    leaves: Buffer.allocUnsafe(count * hashBytes),
    persons: new Uint8Array(count),
    names: new Map<number, EventNames>(),
  };
  let at = 0;
  return {
    events: events as DigestedEvents,
    /** Its sixteen bytes in `ids` are the caller's to fill, at `idPlace()`, before. */
    add({ tx, leaf, person, names }: EventDigest): void {
      events.txs[at] = tx;
      events.leaves.write(leaf, at * hashBytes, 'latin1');
      events.persons[at] = personStates.indexOf(person);
      if (names !== undefined) events.names.set(at, names);
      at++;
    },
    idPlace: () => at * uuidBytes,
  };
}

/** `hashed`: of the side row that is there. Both empty or undefined for none. */
function judgePerson(personalHash: string | null, hashed: string | undefined): PersonState {
  if (hashed === undefined) return personalHash === null ? 'none' : 'gone';
  if (personalHash === null) return 'inserted';
  return hashed === personalHash ? 'held' : 'edited';
}

export function digestEvents(logged: readonly LoggedEvent[]): DigestedEvents {
  const digests = openDigests(logged.length);
  for (const one of logged) {
    const { id, tx, event, actorId, targetId, data, person: row, personalHash } = one;
    writeUuid(digests.events.ids, digests.idPlace(), id);
    const person = judgePerson(personalHash, row === null ? undefined : hashPersonal(row, row.salt));
    const isNamed = person === 'gone' || event === erasureName;
    const names = isNamed ? { event, actorId, targetId, data } : undefined;
    digests.add({ tx, leaf: digestLeaf(encodeEvent(one)), person, names });
  }
  return digests.events;
}

export const listIds = (events: DigestedEvents) =>
  Array.from({ length: events.count }, (_, index) => idAt(events, index));

export const idAt = ({ ids }: DigestedEvents, index: number) => readUuid(ids, index * uuidBytes);

export function sliceEvents(events: DigestedEvents, start: number, end = events.count): DigestedEvents {
  const { txs, ids, leaves, persons, names } = events;
  if (start === 0 && end === events.count) return events;
  const kept = [...names].filter(([at]) => at >= start && at < end);
  return {
    count: end - start,
    txs: txs.subarray(start, end),
    ids: ids.subarray(start * uuidBytes, end * uuidBytes),
    leaves: leaves.subarray(start * hashBytes, end * hashBytes),
    persons: persons.subarray(start, end),
    names: new Map(kept.map(([at, one]) => [at - start, one])),
  };
}

/** Asks of one of them whether it stands at a place or before it, in the order of the log. */
export function openIsUpTo({ tx, id }: Place): (events: DigestedEvents, index: number) => boolean {
  const bytes = Buffer.alloc(uuidBytes);
  writeUuid(bytes, 0, id);
  return ({ txs, ids }, index) => {
    const own = txs[index]!;
    return own < tx || (own === tx && compareUuids(ids, index * uuidBytes, bytes, 0) <= 0);
  };
}

/** How many of them, from the first on, stand up to a place. */
export function countUpTo(events: DigestedEvents, place: Place): number {
  const isUpTo = openIsUpTo(place);
  let count = 0;
  while (count < events.count && isUpTo(events, count)) count++;
  return count;
}
