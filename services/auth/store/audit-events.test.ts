import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../launch/testing/test-database.ts';
import { noOrigin } from '../audit/audit-event.ts';
import { hashPersonal } from '../audit/personal-hash.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';
import { insertAuditEvent } from './audit-events.ts';
import { listAuditEvents } from './audit-search.ts';

let database: TestDatabase;
let auth: TestAuth;
let superuser: Client;
before(async () => {
  database = await createTestDatabase();
  auth = await startTestAuth(database.url);
  superuser = new Client({ connectionString: database.superuserUrl });
  await superuser.connect();
});
after(async () => {
  await superuser.end();
  await auth.close();
});

const plain = {
  ...noOrigin,
  event: 'logout',
  outcome: 'success',
  actorId: null,
  targetId: null,
  sessionId: null,
  data: {},
} as const;

const everything = {
  event: undefined,
  actorId: undefined,
  targetId: undefined,
  ip: undefined,
  fromId: undefined,
  untilId: undefined,
};

test('the application cannot change or remove an audit event', async () => {
  await insertAuditEvent(auth.deps.db, { ...plain, ip: '192.0.2.1' });
  const application = new Client({ connectionString: database.url, options: '-c role=pi_app' });
  await application.connect();
  for (const statement of [
    "update audit_log set event = 'logout'",
    'delete from audit_log',
    'truncate audit_log',
    'drop table audit_log',
    "update audit_personal set ip = '192.0.2.9'",
    'delete from audit_personal',
    'truncate audit_personal',
    'delete from audit_log_rest',
    'update audit_seals set statement = statement',
    'delete from audit_seals',
    'delete from audit_keys',
    // Its place in the order is the database's to give.
    `insert into audit_log (id, tx, at, event, outcome, data)
      values (uuid_v7(now()), 1, now(), 'logout', 'success', '{}')`,
  ]) {
    await assert.rejects(application.query(statement), { code: '42501' }, statement);
  }
  for (const statement of ["update audit_events set event = 'logout'", 'delete from audit_events']) {
    await assert.rejects(application.query(statement), { code: '55000' }, statement);
  }
  await application.end();
});

test('what tells of a person stands in the side row only, under the hash the event commits to', async () => {
  const { db } = auth.deps;
  const personal = { account: 'somebody@example.com' };
  await insertAuditEvent(db, {
    ...plain,
    ip: '192.0.2.77',
    userAgent: 'agent',
    data: { reason: 'x' },
    personal,
  });
  const [listed] = await listAuditEvents(db, { ...everything, ip: '192.0.2.77' }, undefined, 10);
  assert.deepEqual(listed?.data, { reason: 'x', ...personal });
  assert.equal(listed.userAgent, 'agent');
  const { rows } = await superuser.query<{ log: string; hash: Buffer; salt: Buffer }>(
    `select log::text, personal_hash as hash, salt from audit_log as log join audit_personal using (id)
      where id = $1`,
    [listed.id],
  );
  const [row] = rows;
  assert.doesNotMatch(row!.log, /192\.0\.2\.77|agent|somebody/);
  const person = { ip: '192.0.2.77', userAgent: 'agent', data: personal };
  assert.equal(row!.hash.toString('hex'), hashPersonal(person, row!.salt.toString('hex')));
});

test('an event for which no month was made is kept, and moves into its month when that comes', async () => {
  const owner = new Client({ connectionString: database.url });
  await owner.connect();
  const where = async () =>
    (
      await owner.query('select id, tableoid::regclass::text as part from audit_log where request_id = $1', [
        'far',
      ])
    ).rows;
  await owner.query(
    `insert into audit_events (id, at, event, outcome, ip, request_id, data)
      select uuid_v7(at), at, 'logout', 'success', '192.0.2.3', 'far', '{}'
      from (select date_trunc('month', now(), 'UTC') + interval '7 months 3 days' as at) as far`,
  );
  const [before] = (await where()) as [{ id: string; part: string }];
  assert.equal(before.part, 'audit_log_rest');
  await owner.query('select audit_add_months(8)');
  const [after] = (await where()) as [{ id: string; part: string }];
  assert.equal(after.id, before.id);
  assert.match(after.part, /^audit_log_y\d{4}m\d{2}$/);
  const listed = await listAuditEvents(auth.deps.db, { ...everything, ip: '192.0.2.3' }, undefined, 10);
  assert.deepEqual(
    listed.map(({ id }) => id),
    [before.id],
  );
  await owner.end();
});

test('an event that is not read back for certain is not stored, nor one with such a person', async () => {
  const count = async () => (await superuser.query('select from audit_log')).rowCount;
  const before = await count();
  for (const wrong of [
    { data: { n: 1e300 } },
    { data: { n: 2 ** 53 } },
    { data: { '"': 1 } },
    { personal: { n: 0.5 } },
  ]) {
    await assert.rejects(insertAuditEvent(auth.deps.db, { ...plain, ...wrong }), { name: 'AssertionError' });
  }
  assert.equal(await count(), before);
});
