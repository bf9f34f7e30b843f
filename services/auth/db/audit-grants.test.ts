import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from 'pg';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { migrate } from './migrate.ts';

let owner: Client;
let application: Client;
before(async () => {
  const { url } = await createTestDatabase();
  await migrate(url, 'up');
  owner = new Client({ connectionString: url });
  application = new Client({ connectionString: url, options: '-c role=pi_app' });
  await Promise.all([owner.connect(), application.connect()]);
});
after(() => Promise.all([owner.end(), application.end()]));

async function partitions(): Promise<string[]> {
  const { rows } = await owner.query<{ name: string }>(
    `select oid::regclass::text as name from pg_class
      where relispartition and relkind = 'r' and relname like 'audit%' order by 1`,
  );
  return rows.map(({ name }) => name);
}

test('partitions, those made later too, are open to the application through their parent only', async () => {
  const first = await partitions();
  await owner.query('select audit_add_months(6)');
  const all = await partitions();
  assert.ok(all.length >= first.length + 6, all.join());
  for (const name of all) {
    for (const statement of [
      `select from ${name}`,
      `insert into ${name} default values`,
      `update ${name} set id = id`,
      `delete from ${name}`,
      `truncate ${name}`,
      `drop table ${name}`,
      `alter table ${name} disable trigger all`,
    ]) {
      await assert.rejects(application.query(statement), { code: '42501' }, statement);
    }
  }
  const { rows } = await owner.query<{ at: string }>(
    `select (now() + interval '5 months')::text as at from generate_series(1, 1)`,
  );
  await application.query(
    `insert into audit_log (id, at, event, outcome, data) values (uuid_v7($1::timestamptz), $1, 'logout', 'success', '{}')`,
    [rows[0]!.at],
  );
});

test('the application can neither make a place for itself nor take one away', async () => {
  for (const statement of [
    'create table audit_log_mine (like audit_log)',
    'alter table audit_log detach partition audit_log_rest',
    'alter table audit_log add column more text',
    'alter table audit_log disable row level security',
    'create trigger mine before insert on audit_log for each row execute function audit_events_insert()',
    'create index on audit_log (at)',
    `select audit_add_month(now() + interval '20 months')`,
    `select audit_drop_before('ffffffff-ffff-ffff-ffff-ffffffffffff')`,
    `create or replace function audit_tx(xid xid8) returns bigint language sql as 'select 1'`,
    'update audit_keys set public_jwk = public_jwk',
    'truncate audit_seals',
    'set session_replication_role = replica',
  ]) {
    await assert.rejects(application.query(statement), { code: '42501' }, statement);
  }
});
