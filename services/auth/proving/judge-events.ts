// The events that stand where a seal holds some, against the seal's own list of them. When all is well that is one
// comparison; else the two are walked side by side to the first difference.

import type { DigestedEvent } from '../audit/digested-event.ts';
import type { SealStatement } from '../audit/seal.ts';
import { countEntries, entryAt, hashEntries, listEntries, rootOfEntries } from '../audit/seal-entries.ts';
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
  readonly events: readonly DigestedEvent[];
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
  const found = listEntries(events);
  if (isCut) {
    const isListed = entries !== null && hashEntries(entries) === statement.entries;
    return isListed ? walk({ entries, events, found, seal, droppedBefore, isCut }, whereabouts) : undefined;
  }
  if (entries === null || hashEntries(entries) !== statement.entries) {
    const holds = events.length === count && rootOfEntries(found) === root;
    const between = `between the events ${events[0]?.id ?? '?'} and ${events.at(-1)?.id ?? '?'}`;
    return holds
      ? finding('entries_changed', { seal })
      : finding('events_changed', { seal, event: events[0]?.id }, between);
  }
  if (found.equals(entries)) {
    return rootOfEntries(found) === root ? undefined : finding('seal_forged', { seal });
  }
  return walk({ entries, events, found, seal, droppedBefore, isCut }, whereabouts);
}

type Walk = {
  readonly entries: Buffer;
  readonly events: readonly DigestedEvent[];
  readonly found: Buffer;
  readonly seal: number;
  readonly droppedBefore: string | undefined;
  readonly isCut: boolean;
};

async function walk(
  { entries, events, found, seal, droppedBefore = '', isCut }: Walk,
  { isInLog, isSealed }: Whereabouts,
): Promise<Finding | undefined> {
  const sealed = Array.from({ length: countEntries(entries) }, (_, index) => entryAt(entries, index));
  const sealedIds = new Set(sealed.map(({ id }) => id));
  const foundIds = new Set(events.map(({ id }) => id));
  const passed = new Set<string>();
  let at = 0;
  // Of two sealed ones that changed places: the one that tells of another place itself, or was there already.
  const isAstray = (id: string) =>
    passed.has(id) || !sealed.some((entry) => entry.id === id && entry.leaf.equals(entryAt(found, at).leaf));
  for (const { id, leaf } of sealed) {
    const event = events[at];
    if (isCut && event === undefined) return undefined;
    if (event?.id === id) {
      if (!entryAt(found, at).leaf.equals(leaf)) return finding('event_edited', { seal, event: id });
      passed.add(id);
      at++;
    } else if (!foundIds.has(id)) {
      if (id < droppedBefore) continue;
      return finding((await isInLog(id)) ? 'event_moved' : 'event_deleted', { seal, event: id });
    } else if (event === undefined || sealedIds.has(event.id)) {
      return finding('event_moved', {
        seal,
        event: event !== undefined && isAstray(event.id) ? event.id : id,
      });
    } else {
      return finding((await isSealed(event.id)) ? 'event_moved' : 'event_inserted', {
        seal,
        event: event.id,
      });
    }
  }
  const extra = events[at];
  if (extra === undefined) return undefined;
  const isMoved = sealedIds.has(extra.id) || (await isSealed(extra.id));
  return finding(isMoved ? 'event_moved' : 'event_inserted', { seal, event: extra.id });
}
