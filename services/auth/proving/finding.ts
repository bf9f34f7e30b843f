// What a verification found: the first thing in the order of the log that does not hold, and what that means.

export const findingKinds = {
  event_edited: 'the event is not the one that was sealed',
  event_deleted: 'the event was sealed and is gone',
  event_inserted: 'the event stands among sealed ones and was never sealed',
  event_moved: 'the event does not stand where it was sealed',
  person_edited: 'what tells of the person is not what the event commits to',
  person_deleted: 'what tells of the person is gone, and no erasure tells why',
  person_inserted: 'the event commits to no person, and there is one',
  events_changed: 'events of the seal and its list of them were changed',
  entries_changed: 'the seal’s list of its events was changed; the events themselves hold',
  seal_missing: 'the seal is gone',
  seal_forged: 'the seal is not one that a key of this log signed',
  seal_misplaced: 'the seal does not follow the one before it',
  tail_missing: 'the log ends before a seal that was anchored',
  anchor_contradicted: 'the seal is another one than that which was anchored',
  file_damaged: 'the file is not as it was written',
  anchor_forged: 'the anchor is not signed by a key of this log',
} as const;

export type FindingKind = keyof typeof findingKinds;

export type Finding = {
  readonly kind: FindingKind;
  /** The id of the first event that does not hold; null: the log does not tell. */
  readonly event: string | null;
  /** The number of the seal in question. */
  readonly seal: number | null;
  /** For people; more than the kind's own words, or ''. */
  readonly detail: string;
};

export function finding(
  kind: FindingKind,
  at: { readonly event?: string | undefined; readonly seal?: number | undefined },
  detail = '',
): Finding {
  return { kind, event: at.event ?? null, seal: at.seal ?? null, detail };
}
