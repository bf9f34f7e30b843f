// What the database takes of its disk, and whether it takes more: for `pi doctor`.

import type { Queryable } from '../db/database.ts';

export type StorageSizes = {
  readonly databaseBytes: number;
  /** Of it; events with what they say of persons. */
  readonly auditBytes: number;
  /** RFC 3339, of the oldest event; undefined when there is none. */
  readonly auditSince: string | undefined;
};

export async function findStorageSizes(db: Queryable): Promise<StorageSizes> {
  const [row] = await db.query<{ databaseBytes: number; auditBytes: number; auditSince: string | null }>({
    name: 'find-storage-sizes',
    text: `select pg_database_size(current_database())::float8 as "databaseBytes",
        (select coalesce(sum(pg_total_relation_size(inhrelid)), 0)::float8 from pg_inherits
          where inhparent in ('audit_log'::regclass, 'audit_personal'::regclass)) as "auditBytes",
        (select to_char(uuid_v7_at(id) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
          from audit_log order by id limit 1) as "auditSince"`,
    values: [],
  });
  const { databaseBytes, auditBytes, auditSince } = row!;
  return { databaseBytes, auditBytes, auditSince: auditSince ?? undefined };
}

/**
 * A megabyte into a table that nobody else sees and that goes with the transaction. What is free inside the tables would
 * take a row or two of theirs on a full disk too; this needs new blocks of it.
 * @throws {AppError} `unavailable`: the disk is full, or the database is read-only.
 */
export async function tryToWrite(tx: Queryable): Promise<void> {
  await tx.query({
    name: 'try-to-write',
    text: `create temporary table pi_doctor_trial on commit drop
      as select repeat('x', 1000) as filling from generate_series(1, 1000)`,
    values: [],
  });
}
