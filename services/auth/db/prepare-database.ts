// What must be true of a database before the service may use it: the newest schema, the months of the audit log, and
// the application's role for whoever serves. All under one lock, so that several processes may start at once. A user
// who does not own the schema can do none of it: then it is only looked at, and `pi migrate` has done it before.

import { SettingError } from '@pi-gateway/env/settings.ts';
import type { Log } from '@pi-gateway/log/log.ts';
import pg from 'pg';
import { checkSchema, letSchemaBeChecked, mayChangeSchema } from './check-schema.ts';
import { addAuditMonths } from './keep-audit-months.ts';
import { keepAuditOrder } from './keep-audit-order.ts';
import { runMigrations, withMigrationLock } from './migrate.ts';

const insufficientPrivilege = '42501';

export type PrepareOptions = {
  /** Migrates; may be the same as `servingUrl`, whose user then need not be the owner. */
  readonly ownerUrl: string;
  /** The service's own. */
  readonly servingUrl: string;
  readonly log: Log;
};

export type Prepared = {
  /** The names of those that ran. */
  readonly migrations: readonly string[];
  /** Whether `ownerUrl` may change the schema. */
  readonly isOwner: boolean;
};

/**
 * Migrates and lets the serving user take the application's role.
 * @throws {SettingError} one line that names the setting when the database cannot be used.
 */
export async function prepareDatabase({ ownerUrl, servingUrl, log }: PrepareOptions): Promise<Prepared> {
  const setting = ownerUrl === servingUrl ? 'DATABASE_URL' : 'DATABASE_OWNER_URL';
  try {
    return await withMigrationLock(ownerUrl, async (client) => {
      if (ownerUrl === servingUrl && !(await mayChangeSchema(client))) {
        await checkSchema(client);
        return { migrations: [], isOwner: false };
      }
      const migrations = await runMigrations(client, 'up');
      await letSchemaBeChecked(client);
      await addAuditMonths(client);
      await keepAuditOrder(client);
      if (ownerUrl !== servingUrl) await grantRole(client, new pg.Client(servingUrl).user);
      if (migrations.length > 0) log.info({ migrations }, 'the schema is up to date');
      return { migrations, isOwner: true };
    });
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
