import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Client } from 'pg';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { hashNonce } from '../crypto/refresh-token.ts';
import { decideRefresh } from '../domain/decide-refresh.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';
import { rotateSession } from './rotations.ts';
import { findRefreshState } from './sessions.ts';

const idleTtlSeconds = 100;
const nonceHash = hashNonce(randomBytes(32));
const origin = { ip: '192.0.2.1', userAgent: 'curl', requestId: 'a-request' };
let auth: TestAuth;
let owner: Client;
let watcher: Client;
before(async () => {
  const { url } = await createTestDatabase();
  auth = await startTestAuth(url);
  owner = new Client({ connectionString: url });
  watcher = new Client({ connectionString: url });
  await Promise.all([owner.connect(), watcher.connect()]);
});
after(async () => {
  await Promise.all([owner.end(), watcher.end()]);
  await auth.close();
});

type State = {
  readonly disabled: boolean;
  readonly revoked: boolean;
  readonly idle: number;
  readonly end: number;
};

/** At generation 3; lives in seconds from now on. */
async function newSession({ disabled, revoked, idle, end }: State): Promise<string> {
  const { rows } = await owner.query<{ id: string }>(
    `with account as (
        insert into users (id, email, password_hash, role, created_at, tokens_valid_after, disabled_at)
        select uuid_v7(now()), gen_random_uuid() || '@example.com', 'none', 'user', now(), now(),
          case when $1 then now() end
        returning id as user_id
      )
      insert into sessions (id, user_id, nonce_hash, generation, rotated_at, created_at, last_used_at, auth_time,
        idle_expires_at, expires_at, revoked_at, ip)
      select uuid_v7(now()), user_id, $2, 3, now() - interval '1 minute', now(), now(), now(),
        now() + make_interval(secs => $3), now() + make_interval(secs => $4), case when $5 then now() end, '192.0.2.9'
      from account
      returning id`,
    [disabled, nonceHash, idle, end, revoked],
  );
  return rows[0]!.id;
}

const events = async (sessionId: string) =>
  (
    await owner.query<{ event: string; data: object }>(
      'select event, data from audit_log where session_id = $1',
      [sessionId],
    )
  ).rows;

test('the statement rotates exactly when decide-refresh says so, to the same values and with one event', async () => {
  const flags = [false, true];
  for (const disabled of flags)
    for (const revoked of flags)
      for (const idle of [-5, 50, 500])
        for (const end of [-5, 60, 5000])
          for (const generation of [1, 2, 3, 4]) {
            const id = await newSession({ disabled, revoked, idle, end });
            const state = (await findRefreshState(auth.deps.db, id))!;
            const rules = { graceSeconds: 10, idleTtlSeconds };
            const said = JSON.stringify({ disabled, revoked, idle, end, generation });
            const rotation = { sessionId: id, generation, nonceHash, idleTtlSeconds, origin };
            const rotated = await rotateSession(auth.deps.db, rotation);
            const now = (await findRefreshState(auth.deps.db, id))!;
            const decision = decideRefresh(state, generation, now.rotatedAt, rules);
            if (decideRefresh(state, generation, state.now, rules).kind !== 'rotate') {
              assert.equal(rotated, undefined, said);
              assert.deepEqual({ ...now, now: 0 }, { ...state, now: 0 }, said);
              assert.deepEqual(await events(id), [], said);
              continue;
            }
            assert.ok(rotated !== undefined && decision.kind === 'rotate', said);
            assert.deepEqual(
              [now.generation, now.idleExpiresAt],
              [decision.generation, decision.idleExpiresAt],
              said,
            );
            assert.deepEqual(
              [rotated.generation, rotated.sessionEndsAt, rotated.issuedAt, rotated.user.id],
              [decision.generation, decision.idleExpiresAt, now.rotatedAt, state.userId],
              said,
            );
            assert.deepEqual(
              await events(id),
              [{ event: 'token.refreshed', data: { generation: decision.generation } }],
              said,
            );
          }
});

test('a token with another nonce rotates nothing', async () => {
  const id = await newSession({ disabled: false, revoked: false, idle: 50, end: 60 });
  const other = hashNonce(randomBytes(32));
  const rotation = { sessionId: id, generation: 3, nonceHash: other, idleTtlSeconds, origin };
  assert.equal(await rotateSession(auth.deps.db, rotation), undefined);
  assert.equal((await findRefreshState(auth.deps.db, id))?.generation, 3);
});

test('of many at once with one token one rotates', async () => {
  const id = await newSession({ disabled: false, revoked: false, idle: 50, end: 60 });
  const rotation = { sessionId: id, generation: 3, nonceHash, idleTtlSeconds, origin };
  const all = await Promise.all(Array.from({ length: 8 }, () => rotateSession(auth.deps.db, rotation)));
  assert.equal(all.filter((one) => one !== undefined).length, 1);
  assert.equal((await events(id)).length, 1);
});

for (const [change, sql] of [
  ['a role change', `update users set role = 'admin', tokens_valid_after = clock_timestamp() where id = $1`],
  ['a disable', 'update users set disabled_at = clock_timestamp() where id = $1'],
  ['a logout', 'update sessions set revoked_at = clock_timestamp() where user_id = $1'],
] as const) {
  test(`a rotation that had to wait for ${change} sees it`, async () => {
    const id = await newSession({ disabled: false, revoked: false, idle: 50, end: 60 });
    const { userId } = (await findRefreshState(auth.deps.db, id))!;
    await owner.query('begin');
    const { rows } = await owner.query<{ after: number }>(
      `${sql} returning micros(clock_timestamp())::float8 as after`,
      [userId],
    );
    const rotation = { sessionId: id, generation: 3, nonceHash, idleTtlSeconds, origin };
    const waiting = rotateSession(auth.deps.db, rotation);
    await untilWaiting();
    await owner.query('commit');
    const rotated = await waiting;
    if (change === 'a role change') {
      assert.equal(rotated?.user.role, 'admin');
      assert.ok(rotated.issuedAt > rows[0]!.after);
    } else {
      assert.equal(rotated, undefined);
      assert.deepEqual(await events(id), []);
    }
  });
}

async function untilWaiting(): Promise<void> {
  const deadline = Date.now() + 5000;
  for (;;) {
    const { rowCount } = await watcher.query(
      `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
    );
    if ((rowCount ?? 0) > 0) return;
    assert.ok(Date.now() < deadline, 'nobody waits');
  }
}
