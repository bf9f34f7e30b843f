import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTestDatabase, type TestDatabase } from '../../../launch/testing/test-database.ts';
import { readRefreshToken } from '../crypto/refresh-token.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';

let database: TestDatabase;
let auth: TestAuth;
before(async () => {
  database = await createTestDatabase();
  auth = await startTestAuth(database.url, { REFRESH_GRACE_SECONDS: '2' });
});
after(() => auth.close());

const refresh = (refresh_token: unknown, by = auth) =>
  by.call('POST', '/auth/refresh', { body: { refresh_token } });

async function newSession() {
  const { id, email } = await auth.register();
  return { userId: id, email, ...(await auth.login(email)) };
}

async function countEvents(event: string, userId: string): Promise<number> {
  const [row] = await auth.deps.db.query<{ count: number }>({
    name: 'test-count-events',
    text: 'select count(*) from audit_events where event = $1 and target_id = $2',
    values: [event, userId],
  });
  return row!.count;
}

/** Moves the rotation into the past, as if so many seconds had gone by. */
async function age(token: string, seconds: number): Promise<void> {
  const { sessionId } = readRefreshToken(token, auth.deps.secrets.refreshMac)!;
  await auth.deps.db.query({
    name: 'test-age',
    text: 'update sessions set rotated_at = rotated_at - make_interval(secs => $2) where id = $1',
    values: [sessionId, seconds],
  });
}

test('50 parallel refreshes of one token give 50 times the same successor and one event', async () => {
  const { userId, refresh_token } = await newSession();
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(refresh_token)));
  assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200]);
  assert.equal(new Set(answers.map((answer) => answer.body.refresh_token)).size, 1);
  const outcomes = answers.map((answer) => answer.headers.get('x-refresh-outcome'));
  assert.equal(outcomes.filter((outcome) => outcome === 'rotated').length, 1);
  assert.equal(outcomes.filter((outcome) => outcome === 'repeated').length, 49);
  assert.equal(await countEvents('token.refreshed', userId), 1);
});

test('the predecessor is good again within the grace, which a repeat does not lengthen', async () => {
  const { userId, refresh_token } = await newSession();
  const first = await refresh(refresh_token);
  await age(refresh_token, 1.5);
  assert.equal((await refresh(refresh_token)).body.refresh_token, first.body.refresh_token);
  await age(refresh_token, 1);
  assert.equal((await refresh(refresh_token)).status, 401);
  assert.equal((await refresh(first.body.refresh_token)).status, 401);
  assert.equal(await countEvents('token.reuse_detected', userId), 1);
});

test('an older token kills the session and its access tokens with exactly one event', async () => {
  const { userId, refresh_token, access_token } = await newSession();
  const second = await refresh(refresh_token);
  const third = await refresh(second.body.refresh_token);
  assert.equal(third.status, 200);
  const replays = await Promise.all(Array.from({ length: 5 }, () => refresh(refresh_token)));
  for (const replay of replays) {
    assert.equal(replay.status, 401);
    assert.equal(replay.body.code, 'invalid_refresh_token');
    assert.equal(replay.headers.get('www-authenticate'), 'Bearer');
  }
  assert.equal((await refresh(third.body.refresh_token)).status, 401);
  for (const token of [access_token, String(third.body.access_token)]) {
    assert.equal((await auth.call('GET', '/auth/me', { token })).status, 401);
  }
  assert.equal(await countEvents('token.reuse_detected', userId), 1);
});

test('a truncated, extended, flipped or re-encoded token is refused without a query', async () => {
  const { refresh_token: good } = await newSession();
  const { db } = auth.deps;
  const before = { ...db };
  let transactions = 0;
  const transaction: typeof db.transaction = (work) => {
    transactions++;
    return before.transaction(work);
  };
  Object.assign(db, { transaction });
  const flipped = `${good.slice(0, 40)}${good[40] === 'A' ? 'B' : 'A'}${good.slice(41)}`;
  const bad = [
    good.slice(0, -1),
    `${good}A`,
    flipped,
    `${good}=`,
    ` ${good}`,
    good.toUpperCase(),
    '',
    'pir_',
    'x',
  ];
  for (const text of bad) assert.equal((await refresh(text)).status, 401, text);
  Object.assign(db, before);
  assert.equal(transactions, 0);
  for (const value of [1, null, true, [], {}]) assert.equal((await refresh(value)).status, 422);
  assert.equal((await refresh(good)).status, 200);
});

test('the idle and the absolute lifetime hold', async () => {
  for (const column of ['idle_expires_at', 'expires_at']) {
    const { refresh_token } = await newSession();
    const { sessionId } = readRefreshToken(refresh_token, auth.deps.secrets.refreshMac)!;
    await auth.deps.db.query({
      name: `test-expire-${column}`,
      text: `update sessions set ${column} = clock_timestamp() where id = $1`,
      values: [sessionId],
    });
    assert.equal((await refresh(refresh_token)).status, 401);
  }
});

test('a refresh racing a logout, a disable or a role change leaves nothing alive that should be dead', async () => {
  const admin = (await auth.login(auth.admin.email)).access_token;
  for (let round = 0; round < 10; round++) {
    const { userId, email, refresh_token, access_token } = await newSession();
    const change = [
      () => auth.call('POST', '/auth/logout', { body: { refresh_token } }),
      () => auth.call('PATCH', `/admin/users/${userId}`, { token: admin, body: { disabled: true } }),
      () => auth.call('PATCH', `/admin/users/${userId}`, { token: admin, body: { role: 'admin' } }),
    ][round % 3]!;
    const [refreshed, changed] = await Promise.all([refresh(refresh_token), change()]);
    assert.ok(changed.status < 300, JSON.stringify(changed.body));
    const stale = await auth.call('GET', '/auth/me', { token: access_token });
    assert.equal(stale.status, 401, `round ${round}`);
    if (refreshed.status !== 200) continue;
    const me = await auth.call('GET', '/auth/me', { token: String(refreshed.body.access_token) });
    const again = await refresh(refreshed.body.refresh_token);
    if (round % 3 === 2) {
      // The session lives on; its token is either from before the change and dead, or tells the new role.
      assert.ok(me.status === 401 || me.body.role === 'admin');
      assert.equal(again.status, 200);
      const now = await auth.call('GET', '/auth/me', { token: String(again.body.access_token) });
      assert.equal(now.body.role, 'admin');
    } else {
      assert.equal(me.status, 401);
      assert.equal(again.status, 401);
    }
    assert.ok(email);
  }
});

test('another process with the same master key and database continues the session and enforces its end', async () => {
  const { refresh_token, access_token } = await newSession();
  const second = await startTestAuth(database.url, {
    MASTER_KEY: auth.config.masterKey.toString('hex'),
    REFRESH_GRACE_SECONDS: '2',
  });
  try {
    const successor = await refresh(refresh_token, second);
    assert.equal(successor.status, 200);
    assert.equal((await refresh(refresh_token)).body.refresh_token, successor.body.refresh_token);
    await second.call('POST', '/auth/logout', { body: { refresh_token } });
    assert.equal((await auth.call('GET', '/auth/me', { token: access_token })).status, 401);
  } finally {
    await second.close();
  }
});
