// Table audit_seals, and the events that are still to be sealed. Whoever adds a seal holds the lock until the end of
// the transaction; the number is the primary key besides, so that the chain can never fork.

import type { EventRecord } from '../audit/event-record.ts';
import type { Place, Seal } from '../audit/seal.ts';
import type { Queryable } from '../db/database.ts';

const lockNumber = 5_114_071_208;

/** One process at a time seals, until the end of the transaction. */
export async function lockSealing(db: Queryable): Promise<void> {
  await db.query({
    name: 'lock-sealing',
    text: `select pg_advisory_xact_lock(${lockNumber})`,
    values: [],
  });
}

/** As `lockSealing`, but false when another process seals. */
export async function tryLockSealing(db: Queryable): Promise<boolean> {
  const [row] = await db.query<{ isLocked: boolean }>({
    name: 'try-lock-sealing',
    text: `select pg_try_advisory_xact_lock(${lockNumber}) as "isLocked"`,
    values: [],
  });
  return row!.isLocked;
}

export type SealRow = { readonly number: number; readonly text: string; readonly signature: Buffer };

const columns = 'number, statement as text, signature';

export async function findLastSeal(db: Queryable): Promise<SealRow | undefined> {
  const [row] = await db.query<SealRow>({
    name: 'find-last-seal',
    text: `select ${columns} from audit_seals order by number desc limit 1`,
    values: [],
  });
  return row;
}

/** 1, unless retention dropped older ones; undefined: nothing was sealed yet. */
export async function findFirstSealNumber(db: Queryable): Promise<number | undefined> {
  const [row] = await db.query<{ number: number }>({
    name: 'find-first-seal',
    text: 'select number from audit_seals order by number limit 1',
    values: [],
  });
  return row?.number;
}

export async function findSeal(db: Queryable, number: number): Promise<SealRow | undefined> {
  const [row] = await db.query<SealRow>({
    name: 'find-seal',
    text: `select ${columns} from audit_seals where number = $1`,
    values: [number],
  });
  return row;
}

/** `entries`: undefined for a seal of no events. */
export async function insertSeal(db: Queryable, seal: Seal, entries?: Buffer): Promise<void> {
  await db.query({
    name: 'insert-seal',
    text: 'insert into audit_seals (number, statement, signature, entries) values ($1, $2, $3, $4)',
    values: [seal.statement.number, seal.text, seal.signature, entries ?? null],
  });
}

/** The time of a seal. */
export async function readSealTime(db: Queryable): Promise<string> {
  const [row] = await db.query<{ at: string }>({
    name: 'read-seal-time',
    text: `select ${exactTime('clock_timestamp()')} as at`,
    values: [],
  });
  return row!.at;
}

/** Seconds since the oldest event that no seal holds; undefined: there is none. Below 0: a clock was set back. */
export async function findUnsealedAge(db: Queryable, after: Place): Promise<number | undefined> {
  const [row] = await db.query<{ age: number }>({
    name: 'find-unsealed-age',
    text: `select extract(epoch from clock_timestamp() - at)::float8 as age
      from audit_log where (tx, id) > ($1, $2) order by tx, id limit 1`,
    values: [after.tx, after.id],
  });
  return row?.age;
}

/**
 * The first events that no seal holds, in the order of the log. Only of transactions behind the horizon: all of them
 * have ended, so that no event can appear later among those that are returned.
 */
export async function listUnsealedEvents(db: Queryable, after: Place, limit: number): Promise<EventRecord[]> {
  return db.query<EventRecord>({
    name: 'list-unsealed-events',
    text: `select ${eventColumns('audit_log')}
      from audit_log
      where (tx, id) > ($1, $2) and tx < audit_tx(pg_snapshot_xmin(pg_current_snapshot()))
      order by tx, id limit $3`,
    values: [after.tx, after.id, limit],
  });
}

/** What an `EventRecord` is read from. */
export function eventColumns(table: string): string {
  const column = (name: string) => `${table}.${name}`;
  return `${column('id')}, ${column('tx')}, ${exactTime(column('at'))} as at, ${column('event')},
        ${column('outcome')}, ${column('actor_id')} as "actorId", ${column('target_id')} as "targetId",
        ${column('session_id')} as "sessionId", ${column('request_id')} as "requestId", ${column('data')},
        encode(${column('personal_hash')}, 'hex') as "personalHash"`;
}

/** RFC 3339, UTC, to the microsecond. */
function exactTime(expression: string): string {
  return `to_char(${expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}
