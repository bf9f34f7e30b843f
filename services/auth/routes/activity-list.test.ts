import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';

let auth: TestAuth;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url);
});
after(() => auth.close());

type Item = Record<string, unknown> & { readonly id: string; readonly event: string };

async function list(token: string, query = ''): Promise<{ items: Item[]; next_cursor: string | null }> {
  const answer = await auth.call('GET', `/auth/activity${query}`, { token });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as { items: Item[]; next_cursor: string | null };
}

const names = (items: readonly Item[]) => items.map(({ event }) => event);

test('a user sees what he did and what was done to his account, newest first, and nobody else', async () => {
  const [user, other] = [await auth.register(), await auth.register()];
  await auth.call('POST', '/auth/login', { body: { email: user.email, password: 'wrong wrong' } });
  const { access_token: token } = await auth.login(user.email);
  await auth.login(other.email);
  const { items, next_cursor } = await list(token);
  assert.deepEqual(names(items), ['login.succeeded', 'login.failed', 'user.registered']);
  assert.equal(next_cursor, null);
  assert.deepEqual(
    items.map(({ by, concerns }) => [by, concerns]),
    [
      ['you', 'you'],
      ['unknown', 'you'],
      ['you', 'you'],
    ],
  );
  assert.deepEqual(Object.keys(items[0]!), [
    'id',
    'at',
    'event',
    'outcome',
    'by',
    'concerns',
    'session_id',
    'ip',
    'user_agent',
    'request_id',
    'data',
  ]);
  // Where a stranger tried from is his to know; what was typed for an account is not.
  assert.equal(items[1]!['ip'], '127.0.0.1');
  assert.deepEqual(items[1]!['data'], { reason: 'wrong_password' });
});

test('no id, address or session of another ever shows, on either side of an act', async () => {
  const user = await auth.register();
  await auth.login(user.email);
  const admin = await auth.login(auth.admin.email);
  const me = (await auth.call('GET', '/auth/me', { token: admin.access_token })).body;
  const change = (body: unknown) =>
    auth.call('PATCH', `/admin/users/${user.id}`, { body, token: admin.access_token });
  const headers = { 'user-agent': 'of the admin' };
  const path = `/admin/users/${user.id}/sessions`;
  await auth.call('DELETE', path, { token: admin.access_token, headers });
  assert.equal((await change({ role: 'admin' })).status, 200);
  assert.equal((await change({ role: 'user' })).status, 200);
  const [{ session_id: adminSession }] = (await list(admin.access_token)).items as [Item];

  const userToken = (await auth.login(user.email)).access_token;
  const { items } = await list(userToken);
  assert.deepEqual(names(items.slice(0, 4)), [
    'login.succeeded',
    'user.role_changed',
    'user.role_changed',
    'session.revoked',
  ]);
  const ofAdmin = items.slice(1, 4);
  for (const { by, concerns, ip, user_agent, request_id } of ofAdmin) {
    assert.deepEqual([by, concerns, ip, user_agent, request_id], ['another', 'you', null, null, null]);
  }
  assert.equal(ofAdmin[0]!['session_id'], null);
  assert.notEqual(ofAdmin[2]!['session_id'], null, 'the session that was ended is his own');
  const text = JSON.stringify(items);
  for (const secret of [me.id, me.email, adminSession, 'of the admin']) {
    assert.ok(typeof secret === 'string' && !text.includes(secret), String(secret));
  }

  const trail = (await list(admin.access_token)).items;
  const ended = trail.find(({ event }) => event === 'session.revoked');
  assert.deepEqual([ended?.['by'], ended?.['concerns'], ended?.['session_id']], ['you', 'another', null]);
  for (const secret of [user.id, user.email]) assert.ok(!JSON.stringify(trail).includes(secret), secret);
});

test('pages go on where the one before ended, and a cursor of another user is none', async () => {
  const [user, other] = [await auth.register(), await auth.register()];
  let token = '';
  for (let i = 0; i < 4; i += 1) token = (await auth.login(user.email)).access_token;
  const whole = (await list(token)).items.map(({ id }) => id);
  const first = await list(token, '?limit=2');
  const cursor = first.next_cursor;
  const second = await list(token, `?limit=2&cursor=${cursor}`);
  const third = await list(token, `?limit=2&cursor=${second.next_cursor}`);
  const paged = [first, second, third].flatMap(({ items }) => items.map(({ id }) => id));
  assert.deepEqual(paged, whole);
  assert.equal(paged.length, 5);
  assert.equal(third.next_cursor, null);
  const otherToken = (await auth.login(other.email)).access_token;
  for (const query of [`cursor=${cursor}`, 'limit=0', 'event=logout', 'actor_id=x']) {
    const answer = await auth.call('GET', `/auth/activity?${query}`, { token: otherToken });
    assert.equal(answer.status, 422, query);
  }
});

test('the trail is for whoever is signed in', async () => {
  assert.equal((await auth.call('GET', '/auth/activity')).status, 401);
  assert.equal((await auth.call('GET', '/auth/activity', { token: 'x.y.z' })).status, 401);
});
