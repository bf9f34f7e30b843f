// What tells of persons, against what the events commit to. A side row may be gone only when an erasure says so: by the
// person who acted or was concerned, or, for an attempt on an address that had no account, by the event's id.

import type { LoggedEvent } from '../audit/log-part.ts';
import { hashPersonal } from '../audit/personal-hash.ts';
import type { FindingKind } from './finding.ts';

export function judgePerson({ person, personalHash }: LoggedEvent): FindingKind | undefined {
  if (person === null) return undefined;
  if (personalHash === null) return 'person_inserted';
  return hashPersonal(person, person.salt) === personalHash ? undefined : 'person_edited';
}

/** Collects what is gone and what erasures say, in whatever order they come: one entry a person. */
export function openErasures() {
  const gone = new Map<string, { readonly id: string; readonly persons: readonly string[] }>();
  const erased = new Set<string>();
  let count = 0;
  return {
    see({ id, event, actorId, targetId, data, person, personalHash }: LoggedEvent): void {
      if (event === 'user.erased') {
        const also = (data as { readonly side_rows_of?: unknown }).side_rows_of;
        for (const one of [targetId, ...(Array.isArray(also) ? also : [])]) erased.add(String(one));
      }
      if (personalHash === null || person !== null) return;
      count++;
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
