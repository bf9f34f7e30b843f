// Retention of the audit log, for the owner of the schema: the application's role can do none of it.

import type { Place } from '../audit/seal.ts';
import type { Queryable } from '../db/database.ts';

// Whoever waits for a table stands before everybody who comes after him: so not for long.
const lockWaitMs = 200;

/** Of the transaction. */
export async function boundLockWait(db: Queryable): Promise<void> {
  await db.query({ name: 'bound-lock-wait', text: `set local lock_timeout = ${lockWaitMs}`, values: [] });
}

/** Whether there are events of lower ids, and whether a seal holds them all. @param through where the seals end. */
export async function findEventsBefore(
  db: Queryable,
  beforeId: string,
  through: Place,
): Promise<{ readonly isAny: boolean; readonly isSealed: boolean }> {
  const [row] = await db.query<{ isAny: boolean; isSealed: boolean }>({
    name: 'find-events-before',
    text: `select exists (select from audit_log where id < $1) as "isAny",
        not exists (select from audit_log where id < $1 and (tx, id) > ($2, $3)) as "isSealed"`,
    values: [beforeId, through.tx, through.id],
  });
  return row!;
}

/** The last of the oldest seals that hold lower ids only; never the newest seal, which the next one follows. */
export async function findSealThrough(db: Queryable, beforeId: string): Promise<number> {
  const [row] = await db.query<{ number: number }>({
    name: 'find-seal-through',
    text: `select least(max(number) - 1, min(number) filter (
          where (statement::json ->> 'newest_id')::uuid >= $1) - 1) as number from audit_seals`,
    values: [beforeId],
  });
  return row!.number;
}

/** Whole months. Returns how many events are gone. */
export async function dropEventsBefore(db: Queryable, beforeId: string): Promise<number> {
  const [row] = await db.query<{ events: number }>({
    name: 'drop-events-before',
    text: 'select audit_drop_before($1) as events',
    values: [beforeId],
  });
  return row!.events;
}

export async function deleteSealsThrough(db: Queryable, number: number): Promise<void> {
  await db.query({
    name: 'delete-seals-through',
    text: 'delete from audit_seals where number <= $1',
    values: [number],
  });
}
