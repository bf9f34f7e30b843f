// Our tables as a backup knows them: a partitioned one is one table, and whoever is referred to comes first.

import type pg from 'pg';

type Row = { readonly name: string; readonly needs: readonly string[] };

/** Without the two tables that migrations keep for themselves. @throws {Error} when tables refer to each other in a ring. */
export async function listOwnTables(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<Row>(
    `select relname::text as name, array(
        select confrelid::regclass::text from pg_constraint
        where conrelid = pg_class.oid and contype = 'f' and confrelid <> conrelid) as needs
      from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
        and relname not in ('schema_migrations', 'code_needed')
      order by relname`,
  );
  const ordered: string[] = [];
  for (let left = rows; left.length > 0; left = left.filter(({ name }) => !ordered.includes(name))) {
    const free = left.filter(({ needs }) => needs.every((name) => ordered.includes(name)));
    if (free.length === 0) throw new Error('tables refer to each other in a ring');
    ordered.push(...free.map(({ name }) => name));
  }
  return ordered;
}

/** The names of the migrations that ran, in order; none when there is no schema yet. */
export async function listAppliedMigrations(client: pg.Client): Promise<string[]> {
  const { rows: found } = await client.query<{ exists: boolean }>(
    `select to_regclass('public.schema_migrations') is not null as exists`,
  );
  if (found[0]?.exists !== true) return [];
  const { rows } = await client.query<{ name: string }>('select name from schema_migrations order by name');
  return rows.map(({ name }) => name);
}
