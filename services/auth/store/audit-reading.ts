// The audit log read from one end to the other, for exports and verifications: statements for pages over tables
// audit_log, audit_personal and audit_seals, and where a range of them begins and ends.

import type { EventRecord } from '../audit/event-record.ts';
import type { LoggedEvent, StoredSeal } from '../audit/log-part.ts';
import type { Place } from '../audit/seal.ts';
import type { Queryable, Sql } from '../db/database.ts';
import { eventColumns } from './audit-seals.ts';

export type EventRow = EventRecord & {
  readonly salt: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly personalData: unknown;
};

const selectEvents = `select ${eventColumns('log')}, encode(personal.salt, 'hex') as salt, personal.ip,
        personal.user_agent as "userAgent", personal.data as "personalData"
      from audit_log as log left join audit_personal as personal on personal.id = log.id`;

/** Events after a place, in the order of the log, each with its side row; `after` undefined: all. */
export function eventsAfter(after: Place | undefined): Sql {
  const where = after === undefined ? '' : 'where (log.tx, log.id) > ($1, $2)';
  return {
    name: `read-events ${where}`,
    text: `${selectEvents} ${where} order by log.tx, log.id`,
    values: after === undefined ? [] : [after.tx, after.id],
  };
}

export function readEventRow({ salt, ip, userAgent, personalData, ...record }: EventRow): LoggedEvent {
  return { ...record, person: salt === null ? null : { salt, ip, userAgent, data: personalData } };
}

/** Seals with what they keep of their events, both numbers included. */
export function sealsBetween(first: number, last: number): Sql {
  return {
    name: 'read-seals',
    text: `select number, statement as text, signature, entries from audit_seals
      where number between $1 and $2 order by number`,
    values: [first, last],
  };
}

/** Ids of the first instant that counts and of the first that does not. */
export type IdRange = { readonly fromId: string | undefined; readonly untilId: string | undefined };

const inRange = `id >= coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
      and id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')`;

/** In the order of the log; undefined: nothing happened then. */
export async function findPlaces(
  db: Queryable,
  { fromId, untilId }: IdRange,
): Promise<{ readonly first: Place; readonly last: Place } | undefined> {
  const [first, last] = await Promise.all(
    ['', ' desc'].map(async (order) => {
      const [place] = await db.query<Place>({
        name: `find-place${order}`,
        text: `select tx, id from audit_log where ${inRange} order by tx${order}, id${order} limit 1`,
        values: [fromId ?? null, untilId ?? null],
      });
      return place;
    }),
  );
  return first === undefined || last === undefined ? undefined : { first, last };
}

/** The number of the seal that an event at a place belongs to; undefined: no seal reaches so far. */
export async function findSealOf(db: Queryable, place: Place): Promise<number | undefined> {
  const [row] = await db.query<{ number: number }>({
    name: 'find-seal-of',
    text: `select number from audit_seals
      where ((statement::json ->> 'through_tx')::bigint, (statement::json ->> 'through_id')::uuid) >= ($1, $2)
      order by (statement::json ->> 'through_tx')::bigint, (statement::json ->> 'through_id')::uuid, number
      limit 1`,
    values: [place.tx, place.id],
  });
  return row?.number;
}

/** The newest seal of retention: what it says is gone. */
export async function findDropSeal(db: Queryable): Promise<SealText | undefined> {
  const [row] = await db.query<SealText>({
    name: 'find-drop-seal',
    text: `select statement as text, signature from audit_seals
      where statement::json ->> 'kind' <> 'events' and statement::json ->> 'kind' = 'drop'
      order by number desc limit 1`,
    values: [],
  });
  return row;
}

export type SealText = { readonly text: string; readonly signature: Buffer };

export async function findLoggedEvent(db: Queryable, id: string): Promise<LoggedEvent | undefined> {
  const [row] = await db.query<EventRow>({
    name: 'find-logged-event',
    text: `${selectEvents} where log.id = $1`,
    values: [id],
  });
  return row && readEventRow(row);
}

/** Whether any seal that is there lists the event: a look at all of them, for a log that does not hold. */
export async function isEventListed(db: Queryable, id: string): Promise<boolean> {
  const [row] = await db.query<{ isListed: boolean }>({
    name: 'is-event-listed',
    text: `select exists (select from audit_seals
        where position(uuid_send($1) in substring(entries for length(entries) / 48 * 16)) > 0) as "isListed"`,
    values: [id],
  });
  return row!.isListed;
}

export async function findStoredSeal(db: Queryable, number: number): Promise<StoredSeal | undefined> {
  const [row] = await db.query<StoredSeal>({ ...sealsBetween(number, number), name: 'find-stored-seal' });
  return row;
}
