// What must be true of a database before the service may use it: the newest schema, the months of the audit log, and
// the application's role for whoever serves. All under one lock, so that several processes may start at once.

import { SettingError } from '@pi-gateway/env/settings.ts';
import type { Log } from '@pi-gateway/log/log.ts';
import pg from 'pg';
import { addAuditMonths } from './keep-audit-months.ts';
import { keepAuditOrder } from './keep-audit-order.ts';
import { runMigrations, withMigrationLock } from './migrate.ts';

const insufficientPrivilege = '42501';

export type PrepareOptions = {
  /** Migrates; may be the same as `servingUrl`. */
  readonly ownerUrl: string;
  /** The service's own. */
  readonly servingUrl: string;
  readonly log: Log;
};

/**
 * Migrates and lets the serving user take the application's role.
 * @throws {SettingError} one line that names the setting when the database cannot be used.
 */
export async function prepareDatabase({ ownerUrl, servingUrl, log }: PrepareOptions): Promise<void> {
  const setting = ownerUrl === servingUrl ? 'DATABASE_URL' : 'DATABASE_OWNER_URL';
  try {
    const ran = await withMigrationLock(ownerUrl, async (client) => {
      const names = await runMigrations(client, 'up');
      await addAuditMonths(client);
      await keepAuditOrder(client);
      if (ownerUrl !== servingUrl) await grantRole(client, new pg.Client(servingUrl).user);
      return names;
    });
    if (ran.length > 0) log.info({ migrations: ran }, 'the schema is up to date');
  } catch (cause) {
    throw new SettingError(`${setting}: ${(cause as Error).message || 'the database cannot be reached'}`, {
      cause,
    });
  }
}

// Whoever may not grant it leaves it to the operator: the service says so when it cannot take the role.
async function grantRole(client: pg.Client, user: string | undefined): Promise<void> {
  if (user === undefined) return;
  await client.query(`grant pi_app to ${client.escapeIdentifier(user)}`).catch((error: unknown) => {
    const isForbidden = error instanceof pg.DatabaseError && error.code === insufficientPrivilege;
    if (!isForbidden) throw error;
  });
}
