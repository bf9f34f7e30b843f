import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../launch/testing/test-database.ts';
import { startTestRedis } from '../launch/testing/test-redis.ts';
import { startTestAuth, type TestAuth, testPassword } from '../services/auth/testing/start-test-auth.ts';
import { callPi } from './testing/run-pi.ts';

const person = { ip: '203.0.113.77', agent: 'Erika-Browser/7.7', email: 'erika.muster@example.com' };
const others = { ip: '198.51.100.5', agent: 'Admin-Browser/1.0' };

let database: TestDatabase;
let redis: Awaited<ReturnType<typeof startTestRedis>>;
let auth: TestAuth;
let superuser: Client;
let env: Record<string, string>;
before(async () => {
  database = await createTestDatabase();
  redis = await startTestRedis();
  const settings = {
    MASTER_KEY: 'ab'.repeat(32),
    REDIS_URL: redis.url,
    TRUSTED_PROXIES: '127.0.0.0/8',
    AUDIT_SEAL_SECONDS: '1',
    RATE_LIMIT_LOGIN_PER_IP: '100/60',
    RATE_LIMIT_LOGIN_PER_ACCOUNT: '3/600',
    REGISTRATION: 'open',
  };
  auth = await startTestAuth(database.url, settings);
  env = { ...settings, DATABASE_URL: database.url, DATA_DIR: auth.config.dataDir };
  superuser = new Client({ connectionString: database.superuserUrl });
  await superuser.connect();
});
after(async () => {
  await superuser.end();
  await auth.close();
  await redis.stop();
});

const from = ({ ip, agent }: { ip: string; agent: string }) => ({
  'x-forwarded-for': ip,
  'user-agent': agent,
});
const pi = (...args: readonly string[]) => callPi(args, env);

/** Every row of every table, as a dump would hold it. */
async function dump(): Promise<string> {
  const { rows } = await superuser.query<{ name: string }>(
    `select oid::regclass::text as name from pg_class
      where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  const texts: string[] = [];
  for (const { name } of rows) {
    const table = await superuser.query<{ line: string }>(`select one::text as line from ${name} as one`);
    texts.push(...table.rows.map(({ line }) => line));
  }
  return texts.join('\n');
}

async function dumpRedis(): Promise<string> {
  const client = new Redis(redis.url);
  const keys = await client.keys('*');
  const values = await Promise.all(keys.map((key) => client.dump(key)));
  // An address that was counted is forgotten with its window, by itself.
  const lasting = await Promise.all(keys.map(async (key) => ((await client.pttl(key)) > 600_000 ? key : '')));
  client.disconnect();
  return [...lasting, ...values].join('\n');
}

async function sealedAll(): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const { code, out, err } = await pi('audit', 'verify', '--json');
    assert.equal(code, 0, out + err);
    if ((JSON.parse(out) as { unsealed: number }).unsealed === 0) return;
    assert.ok(performance.now() < deadline, 'events stay unsealed');
  }
}

test('a person who is erased is nowhere to be found, the session is dead at once, and the log holds', async () => {
  const body = { email: person.email, password: testPassword };
  const headers = from(person);
  const registered = await auth.call('POST', '/auth/register', { body, headers });
  const id = registered.body['id'] as string;
  const login = await auth.call('POST', '/auth/login', { body, headers });
  const refresh_token = login.body['refresh_token'];
  const refreshed = await auth.call('POST', '/auth/refresh', { body: { refresh_token }, headers });
  const token = refreshed.body['access_token'] as string;
  assert.equal((await auth.call('GET', '/admin/users', { token, headers })).status, 403);
  for (let i = 0; i < 5; i++) {
    await auth.call('POST', '/auth/login', { body: { ...body, password: 'wrong-password' }, headers });
  }
  const { access_token: adminToken } = await auth.login(auth.admin.email);
  const change = { token: adminToken, headers: from(others) };
  await auth.call('PATCH', `/admin/users/${id}`, { ...change, body: { role: 'admin' } });
  await auth.call('PATCH', `/admin/users/${id}`, { ...change, body: { role: 'user' } });
  await sealedAll();
  const account = auth.deps.limits.accountKey(person.email);
  for (const trace of [person.ip, person.agent, person.email, account]) {
    assert.ok((await dump()).includes(trace), `${trace} was there`);
  }
  const { access_token: alive } = (
    await auth.call('POST', '/auth/refresh', {
      body: { refresh_token: refreshed.body['refresh_token'] },
      headers,
    })
  ).body as { access_token: string };
  assert.equal((await auth.call('GET', '/auth/me', { token: alive, headers })).status, 200);

  const { code, out, err } = await pi('user', 'erase', person.email, '--json');
  assert.equal(code, 0, err);
  const erased = JSON.parse(out) as { id: string; side_rows: number; sessions_ended: number };
  assert.deepEqual([erased.id, erased.sessions_ended], [id, 1]);
  assert.ok(erased.side_rows >= 9, out);

  assert.equal((await auth.call('GET', '/auth/me', { token: alive })).status, 401);
  assert.equal((await auth.call('POST', '/auth/login', { body, headers: from(others) })).status, 401);
  await sealedAll();
  const [rows, kept] = [await dump(), await dumpRedis()];
  const anchors = await readFile(join(auth.config.dataDir, 'audit-anchors.ndjson'), 'utf8');
  for (const trace of [person.ip, person.agent, person.email]) {
    assert.ok(!`${rows}${kept}${anchors}${out}`.includes(trace), `${trace} is left`);
  }
  // What the admin did stays his, and all events stay.
  assert.ok(rows.includes(others.agent));
  const { items } = JSON.parse((await pi('audit', 'list', '--target', id, '--json')).out) as {
    items: { event: string; ip: string | null; data: object }[];
  };
  // The dead token came back once more, which is an event of its own.
  assert.deepEqual(
    items.slice(0, 2).map(({ event }) => event),
    ['access.denied', 'user.erased'],
  );
  assert.deepEqual(items.find(({ event }) => event === 'user.role_changed')?.ip, others.ip);
  assert.ok(items.some(({ event, ip }) => event === 'login.failed' && ip === null));
});

test('an erasure again sweeps what came later; an unknown user and the last admin are refused', async () => {
  const { items } = JSON.parse((await pi('audit', 'list', '--event', 'user.erased', '--json')).out) as {
    items: { target_id: string }[];
  };
  const again = await pi('user', 'erase', items[0]!.target_id);
  assert.equal(again.code, 0, again.err);
  for (const [named, why] of [
    ['nobody@example.com', /there is no account/],
    ['01900000-0000-7000-8000-000000000000', /there is no account/],
    [auth.admin.email, /last enabled admin/],
  ] as const) {
    const { code, err } = await pi('user', 'erase', named);
    assert.equal(code, 1);
    assert.match(err, why);
  }
  const refusals = await pi('audit', 'list', '--event', 'user.change_refused', '--json');
  const left = (JSON.parse(refusals.out) as { items: Refusal[] }).items;
  const [refused, wanted] = ['user.change_refused', { erased: true }];
  const me = await auth.call('GET', '/auth/me', {
    token: (await auth.login(auth.admin.email)).access_token,
  });
  const account = auth.deps.limits.accountKey('nobody@example.com');
  assert.deepEqual(
    left.map(({ event, outcome, target_id, data }) => [event, outcome, target_id, data]),
    [
      [refused, 'denied', me.body['id'], { reason: 'last_admin', wanted, via: 'pi' }],
      [
        refused,
        'failure',
        '01900000-0000-7000-8000-000000000000',
        { reason: 'not_found', wanted, via: 'pi' },
      ],
      [refused, 'failure', null, { reason: 'not_found', wanted, account, via: 'pi' }],
    ],
  );
});

type Refusal = {
  readonly event: string;
  readonly outcome: string;
  readonly target_id: string | null;
  readonly data: object;
};

test('a side row that somebody deleted is no erasure', async () => {
  await auth.login(auth.admin.email);
  await sealedAll();
  const { rows } = await superuser.query<{ id: string }>(
    `delete from audit_personal where id = (select max(id::text)::uuid from audit_personal) returning id`,
  );
  const { code, out } = await pi('audit', 'verify', '--json');
  assert.equal(code, 1);
  const { finding } = JSON.parse(out) as { finding: { kind: string; event: string } };
  assert.deepEqual([finding.kind, finding.event], ['person_deleted', rows[0]!.id]);
});
