import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startTestAuth } from '@pi-gateway/auth/testing/start-test-auth.ts';
import { Client } from 'pg';
import { createTestDatabase } from '../launch/testing/test-database.ts';
import { callPi } from './testing/run-pi.ts';

const env = { MASTER_KEY: randomBytes(32).toString('hex') };
let ownerUrl = '';
let serviceUrl = '';
let superuser: Client;
before(async () => {
  const database = await createTestDatabase();
  const role = `service_${randomBytes(6).toString('hex')}`;
  superuser = new Client({ connectionString: database.superuserUrl });
  await superuser.connect();
  await superuser.query(`create role ${role} login`);
  ownerUrl = database.url;
  const url = new URL(ownerUrl);
  url.username = role;
  serviceUrl = url.href;
});
after(() => superuser.end());

const pi = (...args: string[]) =>
  callPi(args, { ...env, DATABASE_URL: serviceUrl, DATABASE_OWNER_URL: ownerUrl });

test('on a database without a schema a service that cannot make one says what to do', async () => {
  await assert.rejects(startTestAuth(serviceUrl), {
    name: 'SettingError',
    message:
      'DATABASE_URL: the schema is not there, or not open to this user: run `pi migrate` with the connection of its owner (DATABASE_OWNER_URL)',
  });
});

test('after pi migrate the service runs with the connection of a user who may change nothing of the schema', async () => {
  assert.equal((await pi('migrate')).code, 0);
  const auth = await startTestAuth(serviceUrl, env);
  try {
    const { email, id } = await auth.register();
    await auth.login(email);
    await auth.deps.keepAuditMonths();
    await auth.deps.keepRetention();
    const { rows } = await superuser.query('select event from audit_log where target_id = $1 order by id', [
      id,
    ]);
    assert.deepEqual(rows, [{ event: 'user.registered' }, { event: 'login.succeeded' }]);
  } finally {
    await auth.close();
  }
  const service = new Client({ connectionString: serviceUrl });
  await service.connect();
  for (const statement of [
    'create table mine ()',
    'drop table users',
    'delete from audit_log',
    'alter table schema_migrations add column more text',
    `insert into schema_migrations (name) values ('9999_mine')`,
    'delete from code_needed',
  ]) {
    await assert.rejects(service.query(statement), { code: '42501' }, statement);
  }
  await service.end();
});

test('retention is not promised by a service that cannot keep it', async () => {
  await assert.rejects(startTestAuth(serviceUrl, { AUDIT_RETENTION_MONTHS: '3' }), {
    name: 'SettingError',
    message: /^AUDIT_RETENTION_MONTHS: needs the connection of the schema's owner/,
  });
});

test('a service whose schema is older than it does not start', async () => {
  const { out } = await pi('migrate', 'down', '--json');
  const [name = ''] = (JSON.parse(out) as { migrations: string[] }).migrations;
  await assert.rejects(startTestAuth(serviceUrl), {
    message: new RegExp(`^DATABASE_URL: the schema lacks ${name}: run`),
  });
  await pi('migrate');
  await (await startTestAuth(serviceUrl, env)).close();
});

test('pi upkeep makes the coming months, and drops those that are too old', async () => {
  const months = async () => {
    const { rows } = await superuser.query<{ name: string }>(
      `select relname as name from pg_class where relispartition and relname ~ '^audit_log_.*\\d$' order by 1`,
    );
    return rows.map(({ name }) => name);
  };
  const before = await months();
  await superuser.query(`drop table ${before.at(-1)}`);
  const upkeep = await pi('upkeep', '--json');
  assert.deepEqual([upkeep.code, JSON.parse(upkeep.out)], [0, { events_dropped: 0 }]);
  assert.deepEqual(await months(), before);
});
