import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';

let auth: TestAuth;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url, { SESSIONS_PER_USER_MAX: '3' });
});
after(() => auth.close());

type SessionItem = { id: string; current: boolean; user_agent: string };

const list = async (token: string) =>
  (await auth.call('GET', '/auth/sessions', { token })).body.items as SessionItem[];

test('only living sessions are listed, one of them as the current one', async () => {
  const { email } = await auth.register();
  const first = await auth.login(email);
  const second = await auth.login(email);
  const items = await list(second.access_token);
  assert.deepEqual(Object.keys(items[0]!), [
    'id',
    'created_at',
    'last_used_at',
    'expires_at',
    'ip',
    'user_agent',
    'current',
  ]);
  assert.deepEqual(
    items.map(({ current }) => current),
    [true, false],
  );
  const ended = await auth.call('DELETE', `/auth/sessions/${items[1]!.id}`, { token: second.access_token });
  assert.equal(ended.status, 204);
  assert.equal((await list(second.access_token)).length, 1);
  assert.equal((await auth.call('GET', '/auth/me', { token: first.access_token })).status, 401);
});

test("an ended session, another user's and one that never was all answer 404", async () => {
  const [mine, other] = [await auth.register(), await auth.register()];
  const { access_token: token } = await auth.login(mine.email);
  const theirs = (await list((await auth.login(other.email)).access_token))[0]!;
  await auth.login(mine.email);
  const ended = (await list(token))[0]!;
  assert.equal((await auth.call('DELETE', `/auth/sessions/${ended.id}`, { token })).status, 204);
  for (const id of [ended.id, theirs.id, '01a204b1-5fcc-7000-aee0-b0b6473475c0', 'x']) {
    const answer = await auth.call('DELETE', `/auth/sessions/${id}`, { token });
    assert.equal(answer.status, 404);
    assert.equal(answer.body.code, 'not_found');
  }
});

test('ending all others leaves the current one', async () => {
  const { email } = await auth.register();
  const others = [await auth.login(email), await auth.login(email)];
  const { access_token: token } = await auth.login(email);
  assert.equal((await auth.call('DELETE', '/auth/sessions', { token })).status, 204);
  assert.equal((await list(token)).length, 1);
  for (const { access_token } of others) {
    assert.equal((await auth.call('GET', '/auth/me', { token: access_token })).status, 401);
  }
});

test('a login beyond the most sessions of a user ends the oldest', async () => {
  const { email } = await auth.register();
  const logins = [];
  for (let i = 0; i < 5; i++) logins.push(await auth.login(email));
  const alive = await Promise.all(
    logins.map(
      async ({ access_token }) => (await auth.call('GET', '/auth/me', { token: access_token })).status,
    ),
  );
  assert.deepEqual(alive, [401, 401, 200, 200, 200]);
});
