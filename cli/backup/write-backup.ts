// Writes every table as it is at one instant. As pg_dump does: all tables are locked against changes of their shape
// before the snapshot is taken; readers, writers and the sealer never wait for it.

import { createHash } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { listAppliedMigrations, listOwnTables } from '@pi-gateway/auth/db/own-tables.ts';
import { snapshotOn } from '@pi-gateway/auth/db/read-snapshot.ts';
import pg from 'pg';
import { CliError } from '../cli-error.ts';
import { type BackupHead, backupFormat, formatRow } from './backup-format.ts';

const pageRows = 1000;
const connectMs = 5000;
// Of one page, and of the wait for a migration that is under way.
const pageMs = 60_000;

export type BackedUp = { readonly at: string; readonly rows: Readonly<Record<string, number>> };

/** @throws {CliError} when something of that name is there. */
export function checkFree(path: string): void {
  if (existsSync(path)) throw new CliError(1, `${path} exists already`);
}

/**
 * FILE appears when it is whole and on disk, readable by its owner alone; one that is there is never touched.
 * @param ownerUrl of the owner of the schema.
 */
export async function writeBackup(
  ownerUrl: string,
  path: string,
  onProgress: (rows: number) => void,
): Promise<BackedUp> {
  const partPath = `${path}.part`;
  const place = await open(partPath, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    const why =
      error.code === 'EEXIST' ? 'a backup is under way, or was cut off: then remove it' : error.code;
    throw new CliError(1, `cannot make ${partPath} (${why})`);
  });
  const client = new pg.Client({
    connectionString: ownerUrl,
    application_name: 'pi-backup',
    connectionTimeoutMillis: connectMs,
    options: `-c statement_timeout=${pageMs} -c lock_timeout=${pageMs} -c jit=off`,
  });
  client.on('error', () => undefined); // a lost connection also fails the query that runs
  try {
    await client.connect();
    const made: BackedUp = { at: new Date().toISOString(), rows: {} };
    const lines = Readable.from(readLines(client, made, onProgress));
    await pipeline(lines, createGzip(), createWriteStream(partPath, { fd: place.fd, autoClose: false }));
    await place.sync();
    // Unlike a rename it never takes the place of another file.
    await link(partPath, path);
    await syncFolder(dirname(path));
    return made;
  } finally {
    await rm(partPath, { force: true });
    await place.close();
    await client.end().catch(() => undefined);
  }
}

async function* readLines(
  client: pg.Client,
  made: BackedUp,
  onProgress: (rows: number) => void,
): AsyncGenerator<string> {
  const hash = createHash('sha256');
  const hashed = (text: string) => {
    hash.update(text);
    return text;
  };
  const counts = made.rows as Record<string, number>;
  let done = 0;

  const tables = await listOwnTables(client);
  await client.query('begin isolation level repeatable read, read only');
  // No snapshot is taken by it: the one of the first query sees what the locks hold still.
  const names = ['schema_migrations', ...tables].map((name) => client.escapeIdentifier(name));
  await client.query(`lock table ${names.join(', ')} in access share mode`);
  const migrations = await listAppliedMigrations(client);
  const head: BackupHead = { type: 'head', format: backupFormat, at: made.at, migrations };
  yield hashed(`${JSON.stringify(head)}\n`);
  const snapshot = snapshotOn(client);
  for (const table of tables) {
    counts[table] = 0;
    const text = `select row_to_json(t)::text as row from ${client.escapeIdentifier(table)} t`;
    for await (const page of snapshot.stream<{ row: string }>({ name: table, text, values: [] }, pageRows)) {
      counts[table] += page.length;
      done += page.length;
      yield hashed(page.map(({ row }) => formatRow(table, row)).join(''));
      onProgress(done);
    }
  }
  yield `${JSON.stringify({ type: 'end', rows: counts, sha256: hash.digest('hex') })}\n`;
}

/** So that the name survives a power cut, too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
