// The audit log as whoever verifies or exports it goes through it: seal by seal, each before the events that it holds,
// and at the end the events that no seal holds yet.

import type { EventRecord } from './event-record.ts';
import type { Personal } from './personal-hash.ts';

export type PersonalRow = Personal & {
  /** Hexadecimal. */
  readonly salt: string;
};

export type LoggedEvent = EventRecord & {
  /** The side row; null: the event has none, or it was erased. */
  readonly person: PersonalRow | null;
};

/** As it is stored: nothing of it is believed yet. */
export type StoredSeal = {
  readonly number: number;
  readonly text: string;
  readonly signature: Buffer;
  /** Of a seal of events, what it keeps of them (seal-entries.ts). */
  readonly entries: Buffer | null;
};

export type LogPart =
  | { readonly kind: 'seal'; readonly seal: StoredSeal }
  /** In the order of the log, at most a page of them. */
  | { readonly kind: 'events'; readonly events: readonly LoggedEvent[] };
