// What a verification needs of an event: where it stands, the hash of its leaf, and how its person stands to it.

import { hash } from 'node:crypto';
import { encodeEvent } from './event-record.ts';
import type { LoggedEvent, StoredSeal } from './log-part.ts';
import { hashPersonal } from './personal-hash.ts';

export type DigestedEvent = {
  readonly id: string;
  readonly tx: number;
  /** 32 bytes, as a string of bytes: cheaper than a buffer for each of a million events. */
  readonly leaf: string;
  readonly person: PersonState;
  /** What is needed of few: of an erasure, and of an event whose side row is gone. */
  readonly names: EventNames | undefined;
};

/** Of the side row: the event has none, it holds, it is another, there is one and should not be, it is gone. */
export type PersonState = 'none' | 'held' | 'edited' | 'inserted' | 'gone';

export type EventNames = {
  readonly event: string;
  readonly actorId: string | null;
  readonly targetId: string | null;
  readonly data: unknown;
};

export type DigestedPart =
  | { readonly kind: 'seal'; readonly seal: StoredSeal }
  | { readonly kind: 'events'; readonly events: readonly DigestedEvent[] };

export const erasureName = 'user.erased';

export function digestLeaf(text: string): string {
  return hash('sha256', `\0${text}`, 'binary');
}

/** `hashed`: of the side row that is there. Both empty or undefined for none. */
export function judgePerson(personalHash: string | null, hashed: string | undefined): PersonState {
  if (hashed === undefined) return personalHash === null ? 'none' : 'gone';
  if (personalHash === null) return 'inserted';
  return hashed === personalHash ? 'held' : 'edited';
}

export function digestEvent(logged: LoggedEvent): DigestedEvent {
  const { id, tx, event, actorId, targetId, data, person: row, personalHash } = logged;
  const person = judgePerson(personalHash, row === null ? undefined : hashPersonal(row, row.salt));
  const isNamed = person === 'gone' || event === erasureName;
  const names = isNamed ? { event, actorId, targetId, data } : undefined;
  return { id, tx, leaf: digestLeaf(encodeEvent(logged)), person, names };
}
