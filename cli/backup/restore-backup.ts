// Puts a backup into an empty database, in one transaction: whole, or nothing of it.

import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { noOrigin } from '@pi-gateway/auth/audit/audit-event.ts';
import { addAuditMonths } from '@pi-gateway/auth/db/keep-audit-months.ts';
import { keepAuditOrder } from '@pi-gateway/auth/db/keep-audit-order.ts';
import { runMigrations, withMigrationLock } from '@pi-gateway/auth/db/migrate.ts';
import { listAppliedMigrations, listOwnTables } from '@pi-gateway/auth/db/own-tables.ts';
import { type Snapshot, snapshotOn } from '@pi-gateway/auth/db/read-snapshot.ts';
import { insertAuditEvent } from '@pi-gateway/auth/store/audit-events.ts';
import type { Revocation } from '@pi-gateway/revocation/revocation.ts';
import type pg from 'pg';
import { CliError } from '../cli-error.ts';
import { readLines } from '../import/read-lines.ts';
import { type BackupHead, checkEnd, damaged, readHead, readRow } from './backup-format.ts';
import { checkMasterKey } from './check-master-key.ts';
import { endSessions } from './end-sessions.ts';

const batchRows = 1000;
const batchBytes = 4 * 1024 * 1024;
// The longest row is a seal of a thousand events.
const lineBytesMax = 16 * 1024 * 1024;

export type RestoreOptions = {
  readonly path: string;
  readonly masterKey: Buffer;
  /** Sessions and signing keys go on: only when nothing has happened since the backup. */
  readonly keepsSessions: boolean;
  readonly onProgress: (rows: number) => void;
};

export type Restored = {
  /** When the backup was made, RFC 3339. */
  readonly at: string;
  readonly rows: Readonly<Record<string, number>>;
  readonly sessionsEnded: number;
  /** To be published after the commit. */
  readonly revocations: readonly Revocation[];
};

/** @throws {CliError} when the database is not empty, or the backup is not whole or not of this master key. */
export async function restoreBackup(ownerUrl: string, options: RestoreOptions): Promise<Restored> {
  const lines = openLines(options.path);
  try {
    const first = (await lines.next()).value;
    const head = readHead(first?.text ?? '');
    const hash = createHash('sha256')
      .update(first?.bytes ?? '')
      .update('\n');
    return await withMigrationLock(ownerUrl, async (client) => {
      await prepareEmpty(client, head);
      await client.query('begin');
      const restored = await load(client, { lines, head, hash, options });
      await client.query('commit');
      await runMigrations(client, 'up');
      return restored;
    });
  } finally {
    await lines.return(undefined);
  }
}

type NumberedLine = { readonly text: string; readonly bytes: Buffer };

async function* openLines(path: string): AsyncGenerator<NumberedLine, undefined> {
  const gunzip = createGunzip();
  const file = createReadStream(path).on('error', (error) => gunzip.destroy(error));
  try {
    for await (const { bytes } of readLines(file.pipe(gunzip), lineBytesMax)) {
      if (bytes === 'too_long') throw damaged();
      yield { text: bytes.toString('utf8'), bytes };
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_')) throw damaged();
    if (code?.startsWith('E')) throw new CliError(1, `cannot read ${path} (${code})`);
    throw error;
  } finally {
    file.destroy();
    gunzip.destroy();
  }
  return undefined;
}

/** The schema of the backup, without any row. */
async function prepareEmpty(client: pg.Client, { migrations }: BackupHead): Promise<void> {
  await runMigrations(client, 'up', migrations.at(-1));
  const applied = await listAppliedMigrations(client);
  const unknown = migrations.find((name) => !applied.includes(name));
  if (unknown !== undefined) {
    throw new CliError(1, `the backup is of a newer version (it has ${unknown}): restore it with that one`);
  }
  if (applied.length > migrations.length) {
    throw new CliError(1, 'the database has a newer schema than the backup: restore into a fresh database');
  }
  for (const table of await listOwnTables(client)) {
    const { rows } = await client.query(`select from ${client.escapeIdentifier(table)} limit 1`);
    if (rows.length > 0) {
      throw new CliError(1, `the database is not empty (${table}): a backup is restored into an empty one`);
    }
  }
}

type Load = {
  readonly lines: AsyncIterable<NumberedLine>;
  readonly head: BackupHead;
  /** Of the head. */
  readonly hash: Hash;
  readonly options: RestoreOptions;
};

async function load(client: pg.Client, { lines, head, hash, options }: Load): Promise<Restored> {
  const tables = await listOwnTables(client);
  const counts = new Map(tables.map((table) => [table, 0]));
  let batch: { table: string; rows: string[]; bytes: number } | undefined;
  let [isWhole, done] = [false, 0];

  async function flush(): Promise<void> {
    if (batch === undefined) return;
    const { table, rows } = batch;
    batch = undefined;
    const name = client.escapeIdentifier(table);
    await client.query(`insert into ${name} select * from json_populate_recordset(null::${name}, $1)`, [
      `[${rows.join(',')}]`,
    ]);
    done += rows.length;
    options.onProgress(done);
  }

  for await (const { text, bytes } of lines) {
    if (isWhole) throw damaged();
    if (text.startsWith('{')) {
      checkEnd(text, hash, counts);
      isWhole = true;
      continue;
    }
    hash.update(bytes).update('\n');
    const { table, row } = readRow(text);
    const count = counts.get(table);
    if (count === undefined) throw damaged();
    counts.set(table, count + 1);
    if (batch?.table !== table) await flush();
    batch ??= { table, rows: [], bytes: 0 };
    batch.rows.push(row);
    batch.bytes += bytes.length;
    if (batch.rows.length >= batchRows || batch.bytes >= batchBytes) await flush();
  }
  await flush();
  if (!isWhole) throw damaged();

  await addAuditMonths(client);
  await keepAuditOrder(client);
  const tx = snapshotOn(client);
  await checkMasterKey(tx, options.masterKey);
  const ended = options.keepsSessions
    ? { sessions: 0, revocations: [] }
    : await endSessions(tx, options.masterKey);
  await insertRestoredEvent(tx, head, ended.sessions);
  return {
    at: head.at,
    rows: Object.fromEntries(counts),
    sessionsEnded: ended.sessions,
    revocations: ended.revocations,
  };
}

function insertRestoredEvent(tx: Snapshot, { at }: BackupHead, ended: number): Promise<void> {
  return insertAuditEvent(tx, {
    ...noOrigin,
    event: 'database.restored',
    outcome: 'success',
    actorId: null,
    targetId: null,
    sessionId: null,
    data: { via: 'pi', backup_of: at, sessions_ended: ended },
  });
}
