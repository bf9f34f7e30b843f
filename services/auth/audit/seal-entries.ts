// What a seal keeps of its events, so that a verification can name the one that changed: all their ids in order (16
// bytes each), then the hashes of all their leaves (32 bytes each). The statement holds the hash of it.

import { hash } from 'node:crypto';
import { uuidBytes as idBytes, readUuid, writeUuid } from '@pi-gateway/uuid/uuid-bytes.ts';
import { type DigestedEvents, digestLeaf } from './digested-events.ts';
import { type EventRecord, encodeEvent } from './event-record.ts';
import { hashBytes, merkleRoot } from './merkle-tree.ts';

const entryBytes = idBytes + hashBytes;

export const countEntries = (entries: Buffer) => Math.floor(entries.length / entryBytes);

export const leavesOf = (entries: Buffer) => entries.subarray(countEntries(entries) * idBytes);

export function makeEntries(events: readonly EventRecord[]): Buffer {
  const entries = Buffer.allocUnsafe(events.length * entryBytes);
  const leaves = leavesOf(entries);
  for (const [i, event] of events.entries()) {
    writeUuid(entries, i * idBytes, event.id);
    leaves.write(digestLeaf(encodeEvent(event)), i * hashBytes, 'latin1');
  }
  return entries;
}

/** Of events that follow one another. */
export function joinEntries(parts: readonly DigestedEvents[]): Buffer {
  return Buffer.concat([...parts.map(({ ids }) => ids), ...parts.map(({ leaves }) => leaves)]);
}

export type Entry = { readonly id: string; readonly leaf: Buffer };

/** The id and the hash of the leaf of one event. */
export function entryAt(entries: Buffer, index: number): Entry {
  const leaf = leavesOf(entries).subarray(index * hashBytes, (index + 1) * hashBytes);
  return { id: readUuid(entries, index * idBytes), leaf };
}

export function holdsEntry(entries: Buffer | null, id: string): boolean {
  const count = entries === null ? 0 : countEntries(entries);
  for (let i = 0; i < count; i++) if (readUuid(entries!, i * idBytes) === id) return true;
  return false;
}

export const hashEntries = (entries: Buffer) => hash('sha256', entries, 'hex');

export const rootOfEntries = (entries: Buffer) => merkleRoot(leavesOf(entries)).toString('hex');

/** What a statement says of its entries. */
export function describeEntries(entries: Buffer) {
  return { count: countEntries(entries), root: rootOfEntries(entries), entries: hashEntries(entries) };
}
