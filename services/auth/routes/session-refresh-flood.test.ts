// One account's refreshes wait for its row. That must cost this account, not everybody who needs the database.

import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../launch/testing/test-database.ts';
import { type Answer, startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';

const poolMax = 4;
const sessions = 6;
const perSession = 15;
let database: TestDatabase;
let auth: TestAuth;
before(async () => {
  database = await createTestDatabase();
  auth = await startTestAuth(database.url, {
    DATABASE_POOL_MAX: String(poolMax),
    REFRESH_GRACE_SECONDS: '60',
  });
});
after(() => auth.close());

const refresh = (refresh_token: unknown): Promise<Answer> =>
  auth.call('POST', '/auth/refresh', { body: { refresh_token } });

async function signIn() {
  const { id, email } = await auth.register();
  const first = await auth.login(email);
  // Once, so that this process has seen whose session it is.
  const { refresh_token } = (await refresh(first.refresh_token)).body;
  return { id, email, refresh_token };
}

/** Holds an account's row, as a refresh does, until it is let go; twice is fine. */
async function holdRow(t: TestContext, userId: string): Promise<() => Promise<void>> {
  const client = new pg.Client(database.superuserUrl);
  await client.connect();
  t.after(() => client.end());
  await client.query('begin');
  await client.query('select from users where id = $1 for no key update', [userId]);
  return () => client.end();
}

async function untilWaiting(): Promise<void> {
  const client = new pg.Client(database.superuserUrl);
  await client.connect();
  const deadline = performance.now() + 10_000;
  try {
    for (;;) {
      const { rows } = await client.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity
          where wait_event_type = 'Lock' and application_name = 'pi-auth' and datname = current_database()`,
      );
      if (rows[0]!.n > 0) return;
      assert.ok(performance.now() < deadline, 'nobody waits for the row');
      await delay(5);
    }
  } finally {
    await client.end();
  }
}

test('while refreshes of one account wait for its row, others log in, refresh and are known', async (t) => {
  const flooder = await signIn();
  const tokens = [flooder.refresh_token];
  while (tokens.length < sessions) {
    const { refresh_token } = await auth.login(flooder.email);
    tokens.push((await refresh(refresh_token)).body.refresh_token);
  }
  const other = await signIn();
  const letGo = await holdRow(t, flooder.id);
  const flood = tokens.flatMap((token) => Array.from({ length: perSession }, () => refresh(token)));
  await untilWaiting();

  const counts = auth.deps.db.counts();
  assert.ok(counts.total - counts.idle < poolMax, 'a connection is free');
  const { access_token } = await auth.login(other.email);
  assert.equal((await auth.call('GET', '/auth/me', { token: access_token })).status, 200);
  const refreshed = await refresh(other.refresh_token);
  assert.equal(refreshed.status, 200, JSON.stringify(refreshed.body));

  await letGo();
  const answers = await Promise.all(flood);
  for (const { status, headers, body } of answers) {
    if (status === 200) continue;
    assert.equal(status, 503, JSON.stringify(body));
    assert.ok(Number(headers.get('retry-after')) >= 1);
  }
  for (const token of tokens) assert.equal((await refresh(token)).status, 200);
});
