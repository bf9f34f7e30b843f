// What a seal keeps of its events, so that a verification can name the one that changed: all their ids in order (16
// bytes each), then the hashes of all their leaves (32 bytes each). The statement holds the hash of it.

import { hash } from 'node:crypto';
import { writeUuid } from '@pi-gateway/uuid/uuid-bytes.ts';
import { type EventRecord, encodeEvent } from './event-record.ts';
import { hashBytes, merkleRoot } from './merkle-tree.ts';

const idBytes = 16;
const entryBytes = idBytes + hashBytes;

export const countEntries = (entries: Buffer) => Math.floor(entries.length / entryBytes);

const leavesOf = (entries: Buffer) => entries.subarray(countEntries(entries) * idBytes);

export function makeEntries(events: readonly EventRecord[]): Buffer {
  const entries = Buffer.allocUnsafe(events.length * entryBytes);
  const leaves = leavesOf(entries);
  for (const [i, event] of events.entries()) {
    writeUuid(entries, i * idBytes, event.id);
    // A string of bytes: cheaper than a buffer for each of a million events.
    leaves.write(hash('sha256', `\0${encodeEvent(event)}`, 'binary'), i * hashBytes, 'binary');
  }
  return entries;
}

/** What a statement says of its entries. */
export function describeEntries(entries: Buffer) {
  return {
    count: countEntries(entries),
    root: merkleRoot(leavesOf(entries)).toString('hex'),
    entries: hash('sha256', entries, 'hex'),
  };
}
