// For a service whose user may not change the schema: whether somebody who may has brought it to where this version
// needs it. Who may is a fact of the database, not a setting: whoever owns the list of migrations.

import type pg from 'pg';
import { checkCodeIsKnown, listMigrations } from './migrate.ts';
import { listAppliedMigrations } from './own-tables.ts';

const remedy = 'run `pi migrate` with the connection of its owner (DATABASE_OWNER_URL)';

/** Of a database without a schema: whether the user may make one there. */
export async function mayChangeSchema(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ may: boolean }>(
    `select case when there is null then has_schema_privilege('public', 'create')
        else pg_has_role((select relowner from pg_class where oid = there), 'usage') end as may
      from to_regclass('public.schema_migrations') as there`,
  );
  return rows[0]?.may === true;
}

/** Lets the application read what `checkSchema` asks. By the schema's owner. */
export async function letSchemaBeChecked(client: pg.Client): Promise<void> {
  await client.query('grant select on schema_migrations, code_needed to pi_app');
}

/** @throws {Error} one line that says what is missing, and what to do. */
export async function checkSchema(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ readable: boolean | null }>(
    `select has_table_privilege(to_regclass('public.schema_migrations'), 'select') as readable`,
  );
  if (rows[0]?.readable !== true) {
    throw new Error(`the schema is not there, or not open to this user: ${remedy}`);
  }
  const known = await listMigrations();
  await checkCodeIsKnown(client, known);
  const applied = await listAppliedMigrations(client);
  const missing = known.filter((name) => !applied.includes(name));
  if (missing.length > 0) throw new Error(`the schema lacks ${missing.join(', ')}: ${remedy}`);
}
