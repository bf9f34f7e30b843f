// The partitions of the audit log for the months to come, made by the schema's owner: the application's role can
// neither make nor drop one. Most calls find all of them there and lock nothing.

import type pg from 'pg';
import { withMigrationLock } from './migrate.ts';

/** A process that runs on for months makes them four times a day; three months bridge any outage of that. */
const monthsAhead = 3;
// Whoever reads the log for long (a verification) is not to hold up others behind us: the next round tries again.
const lockWaitMs = 1000;

/** On a connection of the owner that holds the migration lock. */
export async function addAuditMonths(client: pg.Client): Promise<void> {
  await client.query('select audit_add_months($1)', [monthsAhead]);
}

/** For a service that is running. @throws {Error} when a reader is in the way for too long. */
export async function keepAuditMonths(ownerUrl: string): Promise<void> {
  await withMigrationLock(ownerUrl, async (client) => {
    await client.query(`set lock_timeout = ${lockWaitMs}`);
    await addAuditMonths(client);
  });
}
