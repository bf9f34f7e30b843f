import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createLog } from '@pi-gateway/log/log.ts';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../launch/testing/test-database.ts';
import { throwawayFolder } from '../../../launch/testing/throwaway-folder.ts';
import { hashSeal, isSignedBy, readSeal } from '../audit/seal.ts';
import { countEntries, describeEntries } from '../audit/seal-entries.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import { listAuditKeys } from '../store/audit-keys.ts';
import { openAnchors, readAnchor } from './anchors.ts';
import { openAuditKeys } from './audit-keys.ts';
import { openSealer, type Sealer } from './sealer.ts';

const lowestId = '00000000-0000-0000-0000-000000000000';
const log = createLog({ service: 'test', level: 'silent' });
const sealKey = randomBytes(32);
let database: TestDatabase;
let db: Database;
let folder: string;
before(async () => {
  database = await createTestDatabase();
  await migrate(database.url, 'up');
  db = openDatabase({ url: database.url, poolMax: 8, log });
  folder = throwawayFolder();
});
after(() => db.close());

const open = (path = join(folder, 'anchors.ndjson'), key = sealKey): Promise<Sealer> =>
  openSealer({
    db,
    sealKey: key,
    anchors: openAnchors({ path, log, everyMs: 0 }),
    log,
    afterSeconds: 0,
  });

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: database.url, options: '-c role=pi_app' });
  await client.connect();
  return client;
}

const insert = `insert into audit_events (id, at, event, outcome, ip, request_id, data)
  select uuid_v7(clock_timestamp()), clock_timestamp(), 'logout', 'success', '192.0.2.1', $1, '{}'
  from generate_series(1, $2::int)`;

async function seals() {
  const rows = await db.query<{ text: string; signature: Buffer; entries: Buffer }>({
    name: 'test-seals',
    text: 'select statement as text, signature, entries from audit_seals order by number',
    values: [],
  });
  return rows.map(({ text, signature, entries }) => ({ ...readSeal(text, signature)!, entries }));
}

async function countUnsealed(): Promise<number> {
  const { through_tx: tx = 0, through_id: id = lowestId } = (await seals()).at(-1)?.statement ?? {};
  const [row] = await db.query<{ count: number }>({
    name: 'test-unsealed',
    text: 'select count(*) from audit_log where (tx, id) > ($1, $2)',
    values: [tx, id],
  });
  return row!.count;
}

/** The server's own work (autovacuum) may hold the horizon back for a moment. */
async function sealAll(sealer: Sealer): Promise<void> {
  const deadline = performance.now() + 20_000;
  do {
    assert.ok(performance.now() < deadline, 'events stay unsealed');
    await sealer.round();
  } while ((await countUnsealed()) > 0);
}

test('what is sealed is chained, signed, rooted and anchored outside the database', async () => {
  const client = await connect();
  await client.query(insert, ['first', 2500]);
  const sealer = await open();
  await sealAll(sealer);
  await client.query(insert, ['second', 3]);
  await sealAll(sealer);
  await client.end();
  const made = await seals();
  assert.deepEqual(
    made.map(({ statement }) => [statement.number, statement.kind === 'events' && statement.count]),
    [
      [1, 1000],
      [2, 1000],
      [3, 500],
      [4, 3],
    ],
  );
  const keys = openAuditKeys(await listAuditKeys(db), sealKey);
  assert.equal(keys.size, 1);
  for (const [i, { text, statement, signature, entries }] of made.entries()) {
    const before = made[i - 1];
    assert.equal(statement.previous_hash, before === undefined ? '' : hashSeal(before.text).toString('hex'));
    assert.equal(statement.previous_signature, before?.signature.toString('base64url') ?? '');
    assert.ok(isSignedBy(hashSeal(text), signature, keys.get(statement.kid)!.publicKey));
    const described = describeEntries(entries);
    assert.ok(statement.kind === 'events');
    assert.deepEqual(described, { count: statement.count, root: statement.root, entries: statement.entries });
    assert.equal(countEntries(entries), statement.count);
  }
  assert.equal(await countUnsealed(), 0);
  const lines = (await readFile(join(folder, 'anchors.ndjson'), 'utf8')).trim().split('\n').map(readAnchor);
  assert.deepEqual(
    lines.map((anchor) => [anchor?.number, anchor?.hash]),
    made.map(({ statement, text }) => [statement.number, hashSeal(text).toString('hex')]),
  );
});

test('no event appears later inside what is sealed: an open transaction holds the seal back, and no writer waits', async () => {
  const sealer = await open();
  const [early, late] = [await connect(), await connect()];
  await early.query('begin');
  await early.query(insert, ['early', 1]);
  await late.query(insert, ['late', 5]);
  const sealedBefore = (await seals()).length;
  await sealer.round();
  assert.equal((await seals()).length, sealedBefore);
  assert.equal(await countUnsealed(), 5);
  assert.ok(sealer.state().unsealedSeconds > 0);
  await early.query('commit');
  await sealAll(sealer);
  const last = (await seals()).at(-1)!.statement;
  assert.equal(last.kind === 'events' && last.count, 6);
  await sealer.round();
  assert.equal(sealer.state().unsealedSeconds, 0);
  await Promise.all([early.end(), late.end()]);
});

test('events written while several processes seal are each sealed once, and the chain never forks', async () => {
  const sealers = await Promise.all(
    Array.from({ length: 3 }, (_, i) => open(join(folder, `many-${i}.ndjson`))),
  );
  const writers = await Promise.all(Array.from({ length: 4 }, connect));
  const written = new AbortController();
  const writing = Promise.all(
    writers.map(async (writer, w) => {
      for (let i = 0; i < 40; i++) {
        await writer.query('begin');
        await writer.query(insert, [`w${w}`, 3]);
        await writer.query(i % 5 === 0 ? 'rollback' : 'commit');
      }
      await writer.end();
    }),
  ).finally(() => written.abort());
  const sealing = Promise.all(
    sealers.map(async (sealer) => {
      while (!written.signal.aborted) await sealer.round();
    }),
  );
  await Promise.all([writing, sealing]);
  await sealAll(sealers[0]!);
  const made = await seals();
  assert.deepEqual(
    made.map(({ statement }) => statement.number),
    made.map((_, i) => i + 1),
  );
  const [row] = await db.query<{ count: number }>({
    name: 'test-count-log',
    text: 'select count(*) from audit_log',
    values: [],
  });
  const sealed = made.reduce((sum, { entries }) => sum + countEntries(entries), 0);
  assert.equal(sealed, row!.count);
});

test('a seal that somebody else put at the end is not built upon', async () => {
  const superuser = new Client({ connectionString: database.superuserUrl });
  await superuser.connect();
  const client = await connect();
  await superuser.query(`insert into audit_seals (number, statement, signature, entries)
    select number + 1, replace(statement, '"number":' || number, '"number":' || number + 1), signature, entries
    from audit_seals order by number desc limit 1`);
  await client.query(insert, ['after', 1]);
  const sealer = await open();
  await assert.rejects(sealer.round(), /is not one of ours/);
  await superuser.query('delete from audit_seals where number = (select max(number) from audit_seals)');
  await sealAll(sealer);
  await Promise.all([superuser.end(), client.end()]);
});

test('another master key seals nothing', async () => {
  await assert.rejects(open(undefined, randomBytes(32)), /^SettingError: MASTER_KEY: is not the one/);
});

test('seals that were there and are gone are told of, once, by what was anchored', async () => {
  const told: string[] = [];
  const listening = createLog({ service: 'test', level: 'silent' });
  listening.error = ((_: unknown, message: string) => told.push(message)) as unknown as typeof log.error;
  const path = join(folder, 'ahead.ndjson');
  const anchor = { number: 10_000, hash: 'ab'.repeat(32), signature: '', kid: '', at: '' };
  await writeFile(path, `${JSON.stringify(anchor)}\n{"number":10001,"ha`);
  const sealer = await openSealer({
    db,
    sealKey,
    anchors: openAnchors({ path, log: listening, everyMs: 0 }),
    log: listening,
    afterSeconds: 0,
  });
  await sealer.round();
  await sealer.round();
  assert.equal(told.filter((message) => message.includes('lost seals')).length, 1);
  const client = await connect();
  await client.query(insert, ['end', 1]);
  await sealAll(sealer);
  await client.end();
  // Half a line that a crash left does not swallow the next one.
  assert.equal(
    readAnchor((await readFile(path, 'utf8')).trim().split('\n').at(-1)!)?.number,
    (await seals()).length,
  );
});
