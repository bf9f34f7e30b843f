// Runs the numbered SQL files of db/migrations, each in its own transaction together with its row in
// schema_migrations. A small runner of our own, because the work that must happen once per database (the
// first admin) shares its lock, and because the lock is waited for within a bound.

import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

export type Direction = 'up' | 'down';

/** Any number of ours: the same in every process that prepares this database. */
const advisoryLock = 5_114_071_205;
const lockWaitMs = 30_000;
// Whoever waits for a table stands before everybody who comes after him, readers too: so not for long, but again.
const tableLockMs = 200;
const lockNotAvailable = '55P03';
const connectMs = 5000;
const folder = new URL('./migrations/', import.meta.url);

/**
 * Brings the schema to its newest state, or takes one step back (`down`).
 * @returns the names of the migrations that ran.
 * @throws {Error} when a file fails; nothing of that file remains then.
 */
export async function migrate(databaseUrl: string, direction: Direction): Promise<string[]> {
  return withMigrationLock(databaseUrl, (client) => runMigrations(client, direction));
}

/** Runs `work` while no other process migrates this database; `work` gets the connection that holds the lock. */
export async function withMigrationLock<T>(
  databaseUrl: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: connectMs,
    application_name: 'pi-migrate',
  });
  client.on('error', () => undefined); // a lost connection also fails the query that runs
  await client.connect();
  try {
    await client.query(`set lock_timeout = ${lockWaitMs}`);
    await client.query('select pg_advisory_lock($1)', [advisoryLock]);
    return await work(client);
  } finally {
    await client.end(); // gives the lock back, also when `work` failed
  }
}

/**
 * A schema that newer code has changed so that this one cannot use it any more is refused; one that was only added to is
 * not, or an old process could not be started again while a new version comes in.
 * @throws {Error} one line that says what is missing.
 */
export async function checkCodeIsKnown(client: pg.Client, known: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ there: boolean }>(
    `select to_regclass('code_needed') is not null as there`,
  );
  if (rows[0]?.there !== true) return;
  const needed = await client.query<{ migration: string }>(
    'select migration from code_needed order by migration',
  );
  const missing = needed.rows.map(({ migration }) => migration).find((name) => !known.includes(name));
  if (missing === undefined) return;
  throw new Error(`the schema is newer than this version, which does not know its migration ${missing}`);
}

/** As `migrate`, on a connection that holds the lock. Up: none after `through`, the newest one unless named. */
export async function runMigrations(
  client: pg.Client,
  direction: Direction,
  through?: string,
): Promise<string[]> {
  await client.query(
    `create table if not exists schema_migrations (
       name text collate "C" primary key, applied_at timestamptz not null default clock_timestamp())`,
  );
  const applied = await client.query<{ name: string }>('select name from schema_migrations order by name');
  const done = applied.rows.map((row) => row.name);
  const known = await listMigrations();
  await checkCodeIsKnown(client, known);
  const names = known.filter((name) => through === undefined || name <= through);
  const steps = direction === 'up' ? names.filter((name) => !done.includes(name)) : done.slice(-1);
  for (const name of steps) await runStep(client, name, direction);
  return steps;
}

/** The names of those that this version has, in order. */
export async function listMigrations(): Promise<string[]> {
  const files = await readdir(folder);
  return files
    .filter((file) => file.endsWith('.up.sql'))
    .map((file) => file.slice(0, -'.up.sql'.length))
    .toSorted();
}

async function runStep(client: pg.Client, name: string, direction: Direction): Promise<void> {
  const sql = await readFile(new URL(`${name}.${direction}.sql`, folder), 'utf8');
  const deadline = performance.now() + lockWaitMs;
  for (;;) {
    try {
      await tryStep(client, { name, direction, sql });
      return;
    } catch (cause) {
      const isLocked = cause instanceof pg.DatabaseError && cause.code === lockNotAvailable;
      if (!isLocked || performance.now() > deadline) {
        throw new Error(`migration ${name} (${direction}): ${(cause as Error).message}`, { cause });
      }
      await delay(tableLockMs * (1 + Math.random()));
    }
  }
}

type Step = { readonly name: string; readonly direction: Direction; readonly sql: string };

/** Whole or not at all. */
async function tryStep(client: pg.Client, { name, direction, sql }: Step): Promise<void> {
  await client.query('begin');
  try {
    await client.query(`set local lock_timeout = ${tableLockMs}`);
    await client.query(sql);
    await client.query(
      direction === 'up'
        ? 'insert into schema_migrations (name) values ($1)'
        : 'delete from schema_migrations where name = $1',
      [name],
    );
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
