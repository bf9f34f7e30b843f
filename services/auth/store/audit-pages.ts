// The audit log in order, for a verification of millions of events: pages of rows in binary form (copy-rows.ts). Events
// and side rows are read apart and joined here: both lie about in the order of their ids, so that a page costs one
// walk of each index instead of a search for every row.

import { readUuid } from '@pi-gateway/uuid/uuid-bytes.ts';
import {
  type CopiedRow,
  columnsOf,
  findRows,
  locateRow,
  openRoom,
  openRow,
  type Room,
} from '../db/copy-rows.ts';
import type { Snapshot } from '../db/read-snapshot.ts';
import { readSides } from './audit-sides.ts';

const names = [
  'tx',
  'id',
  'at',
  'event',
  'outcome',
  'actor_id',
  'target_id',
  'session_id',
  'request_id',
  'data',
  'personal_hash',
] as const;

/** Where the columns stand in a row. */
export const eventAt = columnsOf(names);

/** `tx` as text: a bigint that somebody wrote may be any. */
export type ExactPlace = { readonly tx: string; readonly id: string };

export type AuditPage = {
  readonly count: number;
  /** Of the last event; undefined: none follows it. */
  readonly next: ExactPlace | undefined;
  /** One after the other, each in the same objects; `side` undefined: it has none. */
  readonly each: (use: (event: CopiedRow, side: CopiedRow | undefined) => void) => void;
};

export type PageRoom = { readonly events: Room; readonly near: Room; readonly far: Room };

export const openPageRoom = (): PageRoom => ({ events: openRoom(), near: openRoom(), far: openRoom() });

/** `after`: undefined for the first one. A page is good until its room is used again. */
export async function readPage(
  snapshot: Snapshot,
  after: ExactPlace | undefined,
  limit: number,
  room: PageRoom,
): Promise<AuditPage> {
  const where = after === undefined ? '' : `where (tx, id) > (${after.tx}, '${after.id}')`;
  const bytes = await snapshot.copy(
    `select ${names.join()} from audit_log ${where} order by tx, id limit ${limit}`,
    room.events,
  );
  const starts = findRows(bytes, names.length);
  if (starts.length === 0) return { count: 0, next: undefined, each: () => undefined };
  const event = openRow(bytes, names.length);
  const idsAt = Uint32Array.from(starts, (start) => {
    locateRow(event, start);
    return event.starts[eventAt.id]!;
  });
  const findSide = await readSides(snapshot, bytes, idsAt, room);
  return {
    count: starts.length,
    next: starts.length < limit ? undefined : placeOfRow(event, starts.at(-1)!),
    each(use) {
      for (let i = 0; i < starts.length; i++) {
        locateRow(event, starts[i]!);
        use(event, findSide(idsAt[i]!));
      }
    },
  };
}

function placeOfRow(row: CopiedRow, start: number): ExactPlace {
  locateRow(row, start);
  const tx = row.bytes.readBigInt64BE(row.starts[eventAt.tx]);
  return { tx: String(tx), id: readUuid(row.bytes, row.starts[eventAt.id]!) };
}
