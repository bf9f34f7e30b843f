import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog } from '@pi-gateway/log/log.ts';
import pg from 'pg';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { startFaultProxy } from '../../../tests/failure/fault-proxy.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';
import { openDatabase } from './database.ts';
import { isOperational } from './operational-error.ts';
import { spendTime, withTimeBudget } from './time-budget.ts';

const socketName = '.s.PGSQL.5432';
let proxy: Awaited<ReturnType<typeof startFaultProxy>>;
let auth: TestAuth;
let token: string;
before(async () => {
  const url = new URL((await createTestDatabase()).url);
  proxy = await startFaultProxy(join(url.searchParams.get('host')!, socketName));
  url.searchParams.set('host', dirname(proxy.url));
  auth = await startTestAuth(url.href, { DATABASE_POOL_MAX: '4' });
  token = (await auth.login(auth.admin.email)).access_token;
});
after(async () => {
  await auth.close();
  await proxy.stop();
});

const requests = [
  () => auth.call('GET', '/auth/me', { token }),
  () => auth.call('POST', '/auth/login', { body: { email: auth.admin.email, password: 'wrong' } }),
  () => auth.call('POST', '/auth/register', { body: { email: 'x@example.com', password: 'StrongPass123' } }),
  () => auth.call('GET', '/readyz'),
];

async function expectUnavailable(request: () => ReturnType<TestAuth['call']>): Promise<void> {
  const start = performance.now();
  const answer = await request();
  const ms = performance.now() - start;
  assert.deepEqual([answer.status, answer.body.code], [503, 'unavailable']);
  assert.ok(Number(answer.headers.get('retry-after')) >= 1);
  assert.ok(ms < 2000, `${ms} ms`);
}

async function expectRecovery(): Promise<void> {
  const deadline = performance.now() + 5000;
  for (;;) {
    const { status } = await auth.call('GET', '/auth/me', { token });
    if (status === 200) return;
    assert.ok(performance.now() < deadline, `still ${status}`);
  }
}

test('a database that falls silent gives 503 within two seconds, and service again within five', async () => {
  await proxy.become('silent');
  await Promise.all(requests.map(expectUnavailable));
  await expectUnavailable(requests[0]!);
  assert.equal((await auth.call('GET', '/health')).status, 200);
  await proxy.become('none');
  await expectRecovery();
});

test('a database that goes away gives 503, and service again when it is back', async () => {
  await proxy.become('away');
  await Promise.all(requests.map(expectUnavailable));
  await proxy.become('none');
  await expectRecovery();
});

test('an exhausted pool gives 503 and is whole again afterwards', async () => {
  const { db } = auth.deps;
  const sleep = { name: 'test-sleep', text: 'select pg_sleep(1.45)', values: [] };
  const held = Array.from({ length: 4 }, () => db.query(sleep).catch(() => undefined));
  await expectUnavailable(requests[0]!);
  await Promise.all(held);
  await expectRecovery();
  assert.equal(db.counts().waiting, 0);
  assert.ok(db.counts().total <= 4);
});

test('a statement that is waited for in vain costs its own connection, not those that are answered meanwhile', async () => {
  const { db } = auth.deps;
  const sleep = (seconds: number) => ({
    name: `test-sleep-${seconds}`,
    text: `select pg_sleep(${seconds})`,
    values: [],
  });
  const backends = async () => {
    const rows = await db.query<{ pid: number }>({
      name: 'test-backends',
      text: `select pid from pg_stat_activity
        where application_name = 'pi-auth' and datname = current_database()`,
      values: [],
    });
    return rows.map(({ pid }) => pid);
  };
  // Every connection the pool may have is open.
  await Promise.all(Array.from({ length: 4 }, () => db.query(sleep(0.1))));
  const before = await backends();
  // Neither is longer than a statement may be; together they are longer than a transaction may be.
  const own = Promise.withResolvers<number>();
  const slow = db.transaction(async (tx) => {
    const [row] = await tx.query<{ pid: number }>({
      name: 'test-own',
      text: 'select pg_backend_pid() as pid',
      values: [],
    });
    own.resolve(row!.pid);
    await tx.query(sleep(0.6));
    await tx.query(sleep(1.4));
  });
  const state = { isOver: false };
  const ended = slow.catch((error: { code?: unknown }) => error.code).finally(() => (state.isOver = true));
  const slowPid = await own.promise;
  while (!state.isOver) await backends();
  assert.equal(await ended, 'unavailable');
  const deadline = performance.now() + 5000;
  let left = await backends();
  while (left.includes(slowPid)) {
    assert.ok(performance.now() < deadline, 'its connection is closed');
    left = await backends();
  }
  assert.deepEqual(
    before.filter((pid) => !left.includes(pid)),
    [slowPid],
  );
});

test('a request that has used up its time for the database gets a 503 at once, and takes no connection with it', async () => {
  const { db } = auth.deps;
  const one = { name: 'test-one', text: 'select 1', values: [] };
  await withTimeBudget(async () => {
    await Promise.all([db.query(one), db.query(one)]);
    const { total } = db.counts();
    spendTime(5000);
    await assert.rejects(db.query(one), { code: 'unavailable' });
    await assert.rejects(
      db.transaction((tx) => tx.query(one)),
      { code: 'unavailable' },
    );
    assert.equal(db.counts().total, total);
  });
  const deadline = performance.now() + 5000;
  while (db.counts().idle !== db.counts().total) {
    assert.ok(performance.now() < deadline, JSON.stringify(db.counts()));
    await delay(5);
  }
});

/** As the server has it for a connection of the pool, in milliseconds. */
async function readTimeout(name: string): Promise<number> {
  const text = `select setting as ms from pg_settings where name = '${name}'`;
  const [row] = await auth.deps.db.query<{ ms: string }>({ name: `test-${name}`, text, values: [] });
  return Number(row!.ms);
}

test('a client that vanished in the middle of a transaction keeps its locks no longer than a request may last', async () => {
  // From the outage of a network: the server hears nothing of its end, and others waited five seconds for its rows.
  const idleMs = await readTimeout('idle_in_transaction_session_timeout');
  assert.ok(idleMs <= 2000 && idleMs > (await readTimeout('statement_timeout')), `${idleMs} ms`);
});

test('a client that vanished keeps its place of max_connections no longer than a minute', async () => {
  const idleMs = await readTimeout('idle_session_timeout');
  // Later than the pool itself lets go of one: 30 seconds.
  assert.ok(idleMs > 40_000 && idleMs <= 60_000, `${idleMs} ms`);
});

test('a transaction that fails leaves nothing, and its connection is used again', async () => {
  const { db } = auth.deps;
  const count = { name: 'test-count', text: 'select count(*) from revocations', values: [] };
  const before = await db.query(count);
  const failing = db.transaction(async (tx) => {
    await tx.query({
      name: 'test-insert',
      text: `insert into revocations values ('user', uuid_v7(now()), now(), now(), now())`,
      values: [],
    });
    throw new Error('decided otherwise');
  });
  await assert.rejects(failing, /decided otherwise/);
  assert.deepEqual(await db.query(count), before);
});

test('what a retry may mend is operational, our own mistakes are not', () => {
  const sqlError = (code: string) => Object.assign(new pg.DatabaseError('x', 1, 'error'), { code });
  for (const code of [
    '08006',
    '25006',
    '40001',
    '40P01',
    '53100',
    '53300',
    '55P03',
    '57014',
    '57P01',
    '58030',
  ]) {
    assert.equal(isOperational(sqlError(code)), true, code);
  }
  for (const code of ['22P02', '23505', '42601', '42501', '42P01']) {
    assert.equal(isOperational(sqlError(code)), false, code);
  }
  assert.equal(isOperational(new TypeError('x is not a function')), false);
  assert.equal(isOperational(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })), true);
});

test('a command may take longer than a request may', async () => {
  const { url } = await createTestDatabase();
  const log = createLog({ service: 'test', level: 'silent' });
  const nap = { name: 'test-nap', text: 'select pg_sleep(2)', values: [] };
  const request = openDatabase({ url, poolMax: 1, log });
  await assert.rejects(request.query(nap), { code: 'unavailable' });
  await request.close();
  const command = openDatabase({ url, poolMax: 1, log, deadlineMs: 60_000 });
  assert.equal((await command.query(nap)).length, 1);
  await command.close();
});
