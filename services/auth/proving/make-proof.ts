// Takes the proof of one event out of the database.

import { encodeEvent } from '../audit/event-record.ts';
import type { LoggedEvent } from '../audit/log-part.ts';
import { merklePath } from '../audit/merkle-tree.ts';
import { readSeal } from '../audit/seal.ts';
import { countEntries, entryAt, leavesOf, makeEntries } from '../audit/seal-entries.ts';
import type { Snapshot } from '../db/read-snapshot.ts';
import { listAuditKeys } from '../store/audit-keys.ts';
import { findLoggedEvent, findSealOf, findStoredSeal } from '../store/audit-reading.ts';
import type { EventProof } from './event-proof.ts';

export type MadeProof =
  | { readonly kind: 'proof'; readonly proof: EventProof }
  | { readonly kind: 'unknown_event' | 'not_sealed' | 'does_not_hold' };

/** `isPersonal`: with what the event says of the person. */
export async function makeProof(snapshot: Snapshot, id: string, isPersonal: boolean): Promise<MadeProof> {
  const event = await findLoggedEvent(snapshot, id);
  if (event === undefined) return { kind: 'unknown_event' };
  const number = await findSealOf(snapshot, event);
  const stored = number === undefined ? undefined : await findStoredSeal(snapshot, number);
  if (stored === undefined) return { kind: 'not_sealed' };
  const seal = readSeal(stored.text, stored.signature);
  const key = (await listAuditKeys(snapshot)).find(({ kid }) => kid === seal?.statement.kid);
  const index = findIndex(stored.entries, event);
  if (index === undefined || stored.entries === null || key === undefined) return { kind: 'does_not_hold' };
  const proof = {
    type: 'pi-audit-proof' as const,
    v: 1 as const,
    event: JSON.parse(encodeEvent(event)) as EventProof['event'],
    personal: isPersonal ? encodePerson(event) : null,
    index,
    count: countEntries(stored.entries),
    path: merklePath(leavesOf(stored.entries), index).map((node) => node.toString('hex')),
    seal: { statement: stored.text, signature: stored.signature.toString('base64url') },
    key: key.publicJwk,
  };
  return { kind: 'proof', proof };
}

/** Undefined: the seal does not list the event as it is. */
function findIndex(entries: Buffer | null, event: LoggedEvent): number | undefined {
  const { id, leaf } = entryAt(makeEntries([event]), 0);
  const count = entries === null ? 0 : countEntries(entries);
  for (let i = 0; i < count; i++) {
    const entry = entryAt(entries!, i);
    if (entry.id === id) return entry.leaf.equals(leaf) ? i : undefined;
  }
  return undefined;
}

function encodePerson({ person }: LoggedEvent): EventProof['personal'] {
  if (person === null) return null;
  return { data: person.data, ip: person.ip, salt: person.salt, user_agent: person.userAgent };
}
