// Writes down a database's schema as SQL to read, for db/schema.sql: tables with columns and constraints,
// indexes, functions, and what the application's role may do. Out of PostgreSQL's own catalogue, since pg_dump
// does not come with the embedded server.

import type pg from 'pg';

const parts = [
  // Functions
  `select pg_get_functiondef(p.oid) || ';' as line from pg_proc p
    where pronamespace = 'public'::regnamespace order by proname`,
  // Tables; partitions are made for the months there are
  `select format(E'create table %I (\\n%s\\n)%s;', relname, string_agg('  ' || line, E',\\n' order by rank, name),
      ' partition by ' || pg_get_partkeydef(c.oid)) as line
    from pg_class c cross join lateral (
      select 0 as rank, lpad(attnum::text, 4, '0') as name, format('%I %s%s%s%s', attname,
        format_type(atttypid, atttypmod),
        case when attcollation not in (0, 100) then ' collate "C"' else '' end,
        case when attnotnull then ' not null' else '' end,
        coalesce(' default ' || pg_get_expr(adbin, adrelid), '')) as line
      from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
      where attrelid = c.oid and attnum > 0 and not attisdropped
      union all
      select 1, conname, format('constraint %I %s', conname, pg_get_constraintdef(oid))
      from pg_constraint where conrelid = c.oid and contype <> 'n'
    ) as lines
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
    group by relname, c.oid order by relname`,
  // Views
  `select format(E'create view %I as\\n%s', viewname, definition) as line
    from pg_views where schemaname = 'public' order by viewname`,
  // Triggers
  `select pg_get_triggerdef(oid) || ';' as line from pg_trigger where not tgisinternal order by tgname`,
  // Indexes that are no constraint
  `select indexdef || ';' as line from pg_indexes join pg_class on relname = indexname
    where schemaname = 'public' and not relispartition and indexname not in (select conname from pg_constraint)
    order by tablename, indexname`,
  // Rights
  `select format('grant %s on %I to %I;', string_agg(lower(privilege_type), ', ' order by privilege_type),
      table_name, grantee) as line
    from information_schema.role_table_grants where grantee = 'pi_app'
    group by table_name, grantee order by table_name`,
  `select format('grant %s (%s) on %I to %I;', lower(privilege_type),
      string_agg(column_name, ', ' order by ordinal_position), table_name, grantee) as line
    from information_schema.column_privileges as granted join information_schema.columns
      using (table_schema, table_name, column_name)
    where grantee = 'pi_app' and not exists (select from information_schema.role_table_grants as whole
      where whole.table_name = granted.table_name and whole.grantee = granted.grantee
        and whole.privilege_type = granted.privilege_type)
    group by table_name, grantee, privilege_type order by table_name`,
];

/** SQL text; the same for every server from PostgreSQL 15 on. */
export async function describeSchema(client: pg.Client): Promise<string> {
  const sections: string[] = [];
  for (const part of parts) {
    const { rows } = await client.query<{ line: string }>(part);
    sections.push(rows.map(({ line }) => line.trim()).join('\n\n'));
  }
  return `-- The whole schema on one page, out of db/migrations. Generated: UPDATE_SCHEMA=1 node --test services/auth/db/schema.test.ts\n\n${sections.join('\n\n')}\n`;
}
