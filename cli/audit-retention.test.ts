import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createLog } from '@pi-gateway/log/log.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { Client } from 'pg';
import { type Database, openDatabase } from '../services/auth/db/database.ts';
import { dropMonths, monthStart } from '../services/auth/sealing/drop-months.ts';
import { keepRetention } from '../services/auth/sealing/keep-retention.ts';
import { makeSealedLog, type SealedLog } from '../services/auth/testing/sealed-log.ts';
import { callPi } from './testing/run-pi.ts';

const log = createLog({ service: 'test', level: 'silent' });
const now = Date.now();
let sealed: SealedLog;
let owner: Database;
before(async () => {
  sealed = await makeSealedLog();
  owner = openDatabase({ url: sealed.database.url, poolMax: 1, log, asOwner: true });
  // The oldest events are of four months ago, in their own partition; then, out of order, three of five months ago
  // in one seal with present ones.
  await writeOld(40, 4);
  await sealed.seal();
  await writeOld(30, 2);
  await sealed.seal();
  await writeOld(3, 5);
  await sealed.write(20);
  await sealed.seal();
});
after(async () => {
  await owner.close();
  await sealed.close();
});

async function writeOld(count: number, monthsAgo: number): Promise<void> {
  const at = new Date(monthStart(now, monthsAgo)).toISOString();
  await sealed.superuser.query(`select audit_add_month($1::timestamptz)`, [at]);
  await sealed.superuser.query(
    `insert into audit_events (id, at, event, outcome, ip, data)
      select uuid_v7(at), at, 'logout', 'success', '192.0.2.7', '{}'
      from (select $1::timestamptz + make_interval(secs => i) as at from generate_series(1, $2::int) as i) as old`,
    [at, count],
  );
}

async function verify() {
  const { code, out, err } = await callPi(['audit', 'verify', '--json'], sealed.env);
  const told = JSON.parse(out) as { holds: boolean; first_seal: number; events: number; finding: object };
  return { code, err, ...told };
}

const partitions = async () =>
  (
    await sealed.superuser.query<{ name: string }>(
      `select relname as name from pg_class where relispartition and relkind = 'r' order by 1`,
    )
  ).rows.map(({ name }) => name);

const sealKey = () => deriveSecret(sealed.masterKey, 'audit-seal/v1');

test('the application’s role can drop nothing', async () => {
  const application = new Client({ connectionString: sealed.database.url, options: '-c role=pi_app' });
  await application.connect();
  const id = `select audit_drop_before('ffffffff-ffff-ffff-ffff-ffffffffffff')`;
  await assert.rejects(application.query(id), { code: '42501' });
  await application.end();
});

test('whole months go with their persons, a seal states it, and the log holds', async () => {
  const drop = await dropMonths(owner, {
    sealKey: sealKey(),
    before: monthStart(now, 2) + 5_000_000,
    via: 'test',
  });
  assert.ok(drop.kind === 'dropped');
  // Of the three seals the first held old events only.
  assert.deepEqual([drop.events, drop.throughSeal], [43, 1]);
  const month = new Date(monthStart(now, 4)).toISOString().slice(0, 7).replace('-', 'm');
  assert.deepEqual(
    (await partitions()).filter((name) => name.endsWith(month)),
    [],
  );
  const { rows } = await sealed.superuser.query<{ persons: number }>(
    'select count(*)::int as persons from audit_personal where id < $1::uuid',
    [drop.seal.statement.kind === 'drop' ? drop.seal.statement.before_id : ''],
  );
  assert.equal(rows[0]!.persons, 0);
  await sealed.seal();
  const { code, holds, first_seal, events } = await verify();
  assert.deepEqual([code, holds, first_seal, events], [0, true, 2, 51]);
  const { out } = await callPi(['audit', 'list', '--event', 'audit.dropped', '--json'], sealed.env);
  const { items } = JSON.parse(out) as { items: { data: { events: number } }[] };
  assert.equal(items[0]?.data.events, 43);
});

test('what somebody deletes besides is found all the same', async () => {
  const ids = await sealed.ids();
  await sealed.superuser.query('begin');
  await sealed.superuser.query('create table kept as select * from audit_log where id = $1', [ids[5]]);
  await sealed.superuser.query('delete from audit_log where id = $1', [ids[5]]);
  await sealed.superuser.query('commit');
  assert.deepEqual((await verify()).finding, {
    kind: 'event_deleted',
    event: ids[5],
    seal: 2,
    detail: '',
    meaning: 'the event was sealed and is gone',
  });
  await sealed.superuser.query('insert into audit_log select * from kept');
  assert.equal((await verify()).holds, true);
});

test('retention drops by itself what is older than so many months, once', async () => {
  const told: string[] = [];
  const anchors = {
    tell: async ({ statement }: { statement: { kind: string } }) => void told.push(statement.kind),
    flush: () => Promise.resolve(),
    last: () => Promise.resolve(undefined),
  };
  const retention = { ownerUrl: sealed.database.url, sealKey: sealKey(), anchors, log };
  await keepRetention({ ...retention, months: 'off' });
  await keepRetention({ ...retention, months: 3 });
  assert.deepEqual(told, []);
  await Promise.all([keepRetention({ ...retention, months: 1 }), keepRetention({ ...retention, months: 1 })]);
  assert.deepEqual(told, ['drop']);
  await sealed.seal();
  // With the event of the list that was read above.
  const { holds, first_seal, events } = await verify();
  assert.deepEqual([holds, first_seal, events], [true, 3, 23]);
});

test('events that no seal holds yet are not dropped, nor with another master key', async () => {
  await writeOld(2, 6);
  const before = monthStart(now, 1);
  assert.deepEqual(await dropMonths(owner, { sealKey: sealKey(), before, via: 'test' }), {
    kind: 'not_sealed',
  });
  await assert.rejects(dropMonths(owner, { sealKey: randomBytes(32), before, via: 'test' }), /MASTER_KEY/);
  await sealed.seal();
  const { out } = await callPi(['audit', 'drop-before', new Date(before).toISOString()], sealed.env);
  assert.match(out, /^2 events before .* are gone; seal \d+ states it\n$/);
  const nothing = await callPi(['audit', 'drop-before', '2020-01-01'], sealed.env);
  assert.match(nothing.out, /^there is nothing before 2020-01-01T00:00:00\.000Z\n$/);
  await sealed.seal();
  assert.equal((await verify()).holds, true);
});
