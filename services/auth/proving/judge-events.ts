// The events that stand where a seal holds some, against the seal's own list of them. When all is well that is one
// comparison; else the two are walked side by side to the first difference.

import { type DigestedEvents, listIds } from '../audit/digested-events.ts';
import type { SealStatement } from '../audit/seal.ts';
import { countEntries, entryAt, hashEntries, joinEntries, rootOfEntries } from '../audit/seal-entries.ts';
import { type Finding, finding } from './finding.ts';

export type EventsStatement = Extract<SealStatement, { readonly kind: 'events' }>;

/** Looks for an event by its id; only ever asked once something is found. */
export type Whereabouts = {
  readonly isInLog: (id: string) => Promise<boolean>;
  /** Whether any seal lists it. */
  readonly isSealed: (id: string) => Promise<boolean>;
};

type Given = {
  readonly statement: EventsStatement;
  readonly entries: Buffer | null;
  /** Those that are there, in parts. */
  readonly events: readonly DigestedEvents[];
  /** Events with a lower id are gone by retention. */
  readonly droppedBefore: string | undefined;
  /** The rest of them cannot be read. */
  readonly isCut?: boolean;
};

export async function judgeEvents(
  { statement, entries, events, droppedBefore, isCut = false }: Given,
  whereabouts: Whereabouts,
): Promise<Finding | undefined> {
  const { number: seal, root, count } = statement;
  const found = joinEntries(events);
  const walkAll = (listed: Buffer) =>
    walk({ entries: listed, ids: events.flatMap(listIds), found, seal, droppedBefore, isCut }, whereabouts);
  if (isCut) {
    const isListed = entries !== null && hashEntries(entries) === statement.entries;
    return isListed ? walkAll(entries) : undefined;
  }
  if (entries === null || hashEntries(entries) !== statement.entries) {
    const ids = events.flatMap(listIds);
    const holds = ids.length === count && rootOfEntries(found) === root;
    const between = `between the events ${ids[0] ?? '?'} and ${ids.at(-1) ?? '?'}`;
    return holds
      ? finding('entries_changed', { seal })
      : finding('events_changed', { seal, event: ids[0] }, between);
  }
  if (found.equals(entries)) {
    return rootOfEntries(found) === root ? undefined : finding('seal_forged', { seal });
  }
  return walkAll(entries);
}

type Walk = {
  readonly entries: Buffer;
  /** Of the events that are there. */
  readonly ids: readonly string[];
  readonly found: Buffer;
  readonly seal: number;
  readonly droppedBefore: string | undefined;
  readonly isCut: boolean;
};

async function walk(
  { entries, ids, found, seal, droppedBefore = '', isCut }: Walk,
  { isInLog, isSealed }: Whereabouts,
): Promise<Finding | undefined> {
  const sealed = Array.from({ length: countEntries(entries) }, (_, index) => entryAt(entries, index));
  const sealedIds = new Set(sealed.map(({ id }) => id));
  const foundIds = new Set(ids);
  const passed = new Set<string>();
  let at = 0;
  // Of two sealed ones that changed places: the one that tells of another place itself, or was there already.
  const isAstray = (id: string) =>
    passed.has(id) || !sealed.some((entry) => entry.id === id && entry.leaf.equals(entryAt(found, at).leaf));
  for (const { id, leaf } of sealed) {
    const event = ids[at];
    if (isCut && event === undefined) return undefined;
    if (event === id) {
      if (!entryAt(found, at).leaf.equals(leaf)) return finding('event_edited', { seal, event: id });
      passed.add(id);
      at++;
    } else if (!foundIds.has(id)) {
      if (id < droppedBefore) continue;
      return finding((await isInLog(id)) ? 'event_moved' : 'event_deleted', { seal, event: id });
    } else if (event === undefined || sealedIds.has(event)) {
      return finding('event_moved', {
        seal,
        event: event !== undefined && isAstray(event) ? event : id,
      });
    } else {
      return finding((await isSealed(event)) ? 'event_moved' : 'event_inserted', { seal, event });
    }
  }
  const extra = ids[at];
  if (extra === undefined) return undefined;
  const isMoved = sealedIds.has(extra) || (await isSealed(extra));
  return finding(isMoved ? 'event_moved' : 'event_inserted', { seal, event: extra });
}
