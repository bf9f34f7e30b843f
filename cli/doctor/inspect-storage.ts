// Whether the database takes writes, which a reachable one may not: its disk is full, or it is read-only. And how much
// of it is the audit log, the one part that grows by itself.

import { findStorageSizes, tryToWrite } from '@pi-gateway/auth/store/storage.ts';
import pg from 'pg';
import { describeFailure } from '../cli-error.ts';
import type { Io } from '../io.ts';
import { withDatabase } from '../with-database.ts';
import type { Finding } from './finding.ts';

const part = 'storage';
const diskFull = '53100';

export async function inspectStorage(io: Io): Promise<Finding> {
  try {
    return await withDatabase(io, async (db) => {
      const { databaseBytes, auditBytes, auditSince } = await findStorageSizes(db);
      await db.transaction(tryToWrite);
      const since = auditSince === undefined ? '' : ` since ${auditSince.slice(0, 10)}`;
      return {
        part,
        state: 'ok',
        detail: `it takes writes; ${inMb(databaseBytes)}, of it ${inMb(auditBytes)} audit log${since}`,
        figures: { database_bytes: databaseBytes, audit_bytes: auditBytes },
      };
    });
  } catch (error) {
    const { message } = describeFailure(error);
    const detail = isDiskFull(error)
      ? `${message}: make room on PostgreSQL's disk, see docs/runbooks/full-disk.md`
      : message;
    return { part, state: 'fail', detail };
  }
}

function isDiskFull(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof pg.DatabaseError && cause.code === diskFull;
}

function inMb(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000)} MB`;
}
