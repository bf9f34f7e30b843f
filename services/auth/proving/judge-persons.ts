// What tells of persons, against what the events commit to. A side row may be gone only when an erasure says so: by the
// person who acted or was concerned, or, for an attempt on an address that had no account, by the event's id.

import {
  type DigestedEvents,
  erasureName,
  idAt,
  type PersonState,
  personStates,
} from '../audit/digested-events.ts';
import type { FindingKind } from './finding.ts';

/** How the person of an event stands to it. */
export const personAt = ({ persons }: DigestedEvents, index: number): PersonState =>
  personStates[persons[index]!]!;

export function findPersonFault(person: PersonState): FindingKind | undefined {
  if (person === 'edited') return 'person_edited';
  return person === 'inserted' ? 'person_inserted' : undefined;
}

/** Collects what is gone and what erasures say, in whatever order they come: one entry a person. */
export function openErasures() {
  const gone = new Map<string, { readonly id: string; readonly persons: readonly string[] }>();
  const erased = new Set<string>();
  let count = 0;
  return {
    see(events: DigestedEvents, index: number): void {
      const names = events.names.get(index);
      if (names === undefined) return;
      const { event, actorId, targetId, data } = names;
      if (event === erasureName) {
        const also = (data as { readonly side_rows_of?: unknown }).side_rows_of;
        for (const one of [targetId, ...(Array.isArray(also) ? also : [])]) erased.add(String(one));
      }
      if (personAt(events, index) !== 'gone') return;
      count++;
      const id = idAt(events, index);
      const persons = [actorId, targetId].filter((one) => one !== null);
      const key = persons.length === 0 ? id : persons.join();
      if (!gone.has(key)) gone.set(key, { id, persons });
    },
    count: () => count,
    /** The first event whose side row is gone without an erasure. */
    findUnexplained(): string | undefined {
      for (const { id, persons } of gone.values()) {
        if (!erased.has(id) && !persons.some((one) => erased.has(one))) return id;
      }
      return undefined;
    },
  };
}
