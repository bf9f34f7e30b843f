import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decodeRevocations } from '@pi-gateway/gateway-link/revocation-header.ts';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';

let auth: TestAuth;
let admin: string;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url);
  admin = (await auth.login(auth.admin.email)).access_token;
});
after(() => auth.close());

const change = (id: string, body: unknown, token = admin) =>
  auth.call('PATCH', `/admin/users/${id}`, { token, body });
const me = (token: string) => auth.call('GET', '/auth/me', { token });

async function events(query: string): Promise<Record<string, unknown>[]> {
  const answer = await auth.call('GET', `/admin/audit?${query}`, { token: admin });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.items as Record<string, unknown>[];
}

test('a role change kills the tokens before it, of the same second too, and a refresh brings the new role', async () => {
  const { id, email } = await auth.register();
  const old = await auth.login(email);
  for (const role of ['admin', 'user']) {
    const changed = await change(id, { role });
    assert.equal(changed.status, 200);
    assert.equal(changed.body.role, role);
    assert.equal((await me(old.access_token)).body.code, 'invalid_token');
    const fresh = await auth.login(email);
    assert.equal((await me(fresh.access_token)).body.role, role);
  }
  const refreshed = await auth.call('POST', '/auth/refresh', { body: { refresh_token: old.refresh_token } });
  assert.equal(refreshed.status, 200);
  const [event, ...more] = await events(`event=user.role_changed&target_id=${id}`);
  assert.deepEqual(event?.data, { from: 'admin', to: 'user' });
  assert.equal(more.length, 1);
});

test('no token outlives two role changes by a clock that was set back', async () => {
  const { id, email } = await auth.register();
  // The last change lies ahead, as when the clock was set back since; within what tokens' times may be off.
  await auth.deps.db.query({
    name: 'test-set-clock-back',
    text: `update users set tokens_valid_after = clock_timestamp() + interval '4 seconds' where id = $1`,
    values: [id],
  });
  const { access_token } = await auth.login(email);
  assert.equal((await me(access_token)).status, 200);
  for (const role of ['admin', 'user']) assert.equal((await change(id, { role })).status, 200);
  assert.equal((await me(access_token)).status, 401);
});

test('who repeats a change has it told to his gateway once more', async () => {
  const { id } = await auth.register();
  const headers = { 'x-pi-gateway': auth.deps.secrets.forwardProof };
  const disable = async () => {
    const options = { token: admin, body: { disabled: true }, headers };
    const answer = await auth.call('PATCH', `/admin/users/${id}`, options);
    return decodeRevocations(answer.headers.get('x-pi-revocations') ?? '');
  };
  const first = await disable();
  assert.equal(first.length, 1);
  assert.deepEqual(await disable(), first);
});

test('disabling ends every session, enabling revives none, and a disabled user signs in like an unknown one', async () => {
  const { id, email } = await auth.register();
  const old = await auth.login(email);
  assert.equal((await change(id, { disabled: true })).body.disabled, true);
  assert.equal((await me(old.access_token)).status, 401);
  const refresh = () => auth.call('POST', '/auth/refresh', { body: { refresh_token: old.refresh_token } });
  assert.equal((await refresh()).status, 401);
  const login = (address: string) =>
    auth.call('POST', '/auth/login', { body: { email: address, password: 'StrongPass123' } });
  const [disabled, unknown] = [await login(email), await login('nobody@example.com')];
  assert.equal(disabled.status, 401);
  const { request_id: _1, ...first } = disabled.body;
  const { request_id: _2, ...second } = unknown.body;
  assert.deepEqual(first, second);
  assert.deepEqual([...disabled.headers.keys()].toSorted(), [...unknown.headers.keys()].toSorted());
  assert.equal((await change(id, { disabled: false })).body.disabled, false);
  assert.equal((await refresh()).status, 401);
  assert.equal((await me(old.access_token)).status, 401);
  assert.equal((await login(email)).status, 200);
});

test('a change that changes nothing writes no event and kills no token', async () => {
  const { id, email } = await auth.register();
  const { access_token } = await auth.login(email);
  assert.equal((await change(id, { role: 'user', disabled: false })).status, 200);
  assert.equal((await me(access_token)).status, 200);
  assert.deepEqual(await events(`event=user.enabled&target_id=${id}`), []);
});

test('enabling an account that is enabled forgives its failed logins, and leaves an event that says so', async () => {
  const { id, email } = await auth.register();
  const login = {
    account: auth.deps.limits.accountKey(email),
    network: '192.0.2.1',
    isKnownNetwork: () => Promise.resolve(false),
  };
  for (let i = 0; i < auth.config.loginFailuresMax; i++) await auth.deps.limits.countFailure(login);
  const elsewhere = { ...login, network: '192.0.2.2' };
  assert.equal((await auth.deps.limits.admitLogin(elsewhere)).limited, true);
  assert.equal((await change(id, { role: 'user' })).status, 200);
  assert.deepEqual(await events(`event=user.unlocked&target_id=${id}`), []);
  assert.equal((await change(id, { disabled: false })).status, 200);
  assert.equal((await auth.deps.limits.admitLogin(elsewhere)).limited, false);
  assert.equal((await events(`event=user.unlocked&target_id=${id}`)).length, 1);
  // Of one that was disabled, its own event tells it.
  await change(id, { disabled: true });
  await change(id, { disabled: false });
  assert.equal((await events(`event=user.unlocked&target_id=${id}`)).length, 1);
  assert.equal((await events(`event=user.enabled&target_id=${id}`)).length, 1);
});

test('two admins who demote or disable each other at once leave one', async () => {
  for (const body of [{ role: 'user' }, { disabled: true }]) {
    const { id, email } = await auth.register();
    await change(id, { role: 'admin' });
    const other = (await auth.login(email)).access_token;
    const { body: self } = await me(admin);
    const answers = await Promise.all([change(id, body), change(String(self.id), body, other)]);
    const statuses = answers.map((answer) => answer.status).toSorted((a, b) => a - b);
    // The second is refused as the last admin, or its token died with the first.
    assert.equal(statuses[0], 200);
    assert.ok([401, 403, 409].includes(Number(statuses[1])), String(statuses));
    if (answers[1].status === 200) {
      // The first admin lost: the other one restores him.
      await change(String(self.id), { role: 'admin', disabled: false }, other);
      admin = (await auth.login(auth.admin.email)).access_token;
    }
    await change(id, { role: 'user' });
  }
});

test('an admin who loses his rights while his change waits does not make it', async () => {
  const { id, email } = await auth.register();
  await change(id, { role: 'admin' });
  const other = (await auth.login(email)).access_token;
  const { id: friend } = await auth.register();
  // Both wait for the lock of all such changes, in this order.
  const answers = await auth.deps.db.transaction(async (tx) => {
    await tx.query({ name: 'test-hold', text: 'select pg_advisory_xact_lock(5114071206)', values: [] });
    const first = change(id, { role: 'user' });
    await waitForLockWaiters(1);
    const second = change(friend, { role: 'admin' }, other);
    await waitForLockWaiters(2);
    return [first, second];
  });
  const [demoted, promoted] = await Promise.all(answers);
  assert.equal(demoted?.status, 200);
  assert.equal(promoted?.body.code, 'invalid_token');
  const { body } = await auth.call('GET', `/admin/users/${friend}`, { token: admin });
  assert.equal(body.role, 'user');
});

async function waitForLockWaiters(count: number): Promise<void> {
  const sql = {
    name: 'test-waiters',
    text: `select count(*) from pg_locks where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())`,
    values: [],
  };
  const deadline = Date.now() + 1000;
  for (;;) {
    const [row] = await auth.deps.db.query<{ count: number }>(sql);
    if (row!.count >= count) return;
    assert.ok(Date.now() < deadline, `${row!.count} of ${count} wait`);
  }
}

test('the last admin can neither be demoted nor disabled', async () => {
  const { body: self } = await me(admin);
  for (const body of [{ role: 'user' }, { disabled: true }, { role: 'user', disabled: true }]) {
    const answer = await change(String(self.id), body);
    assert.equal(answer.status, 409);
    assert.equal(answer.body.code, 'last_admin');
  }
  assert.equal((await me(admin)).status, 200);
});

test('an admin ends all sessions of a user, access tokens with them', async () => {
  const { id, email } = await auth.register();
  const sessions = [await auth.login(email), await auth.login(email)];
  assert.equal((await auth.call('DELETE', `/admin/users/${id}/sessions`, { token: admin })).status, 204);
  for (const { access_token, refresh_token } of sessions) {
    assert.equal((await me(access_token)).status, 401);
    assert.equal((await auth.call('POST', '/auth/refresh', { body: { refresh_token } })).status, 401);
  }
  assert.equal((await events(`event=session.revoked&target_id=${id}`)).length, 2);
  assert.equal((await me((await auth.login(email)).access_token)).status, 200);
});

test('an access token that outlives its idle session dies too when the sessions are ended', async () => {
  const { id, email } = await auth.register();
  const [idle, other] = [await auth.login(email), await auth.login(email)];
  const passIdleEnd = () =>
    auth.deps.db.query({
      name: 'test-idle',
      text: `update sessions set idle_expires_at = clock_timestamp() - interval '1 second'
        where user_id = $1 and id <> $2`,
      values: [id, sessionOf(other.access_token)],
    });
  await passIdleEnd();
  assert.equal((await me(idle.access_token)).status, 200);
  assert.equal((await auth.call('DELETE', '/auth/sessions', { token: other.access_token })).status, 204);
  assert.equal((await me(idle.access_token)).status, 401);
  const third = await auth.login(email);
  await passIdleEnd();
  assert.equal((await auth.call('DELETE', `/admin/users/${id}/sessions`, { token: admin })).status, 204);
  assert.equal((await me(third.access_token)).status, 401);
});

function sessionOf(token: string): string {
  const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { sid: string };
  return claims.sid;
}

test('a body out of form is a 422, an unknown user a 404, a user who is no admin a 403 with its event', async () => {
  const { id, email } = await auth.register();
  for (const body of [
    {},
    [],
    null,
    { role: 'root' },
    { disabled: 'yes' },
    { email: 'x@example.com' },
    { role: null },
  ]) {
    assert.equal((await change(id, body)).status, 422, JSON.stringify(body));
  }
  const missing = '01a204b1-5fcc-7000-aee0-b0b6473475c0';
  for (const other of [missing, 'x', missing.toUpperCase(), '%00']) {
    assert.equal((await change(other, { role: 'user' })).status, 404, other);
  }
  const { access_token } = await auth.login(email);
  const denied = await change(id, { role: 'admin' }, access_token);
  assert.equal(denied.status, 403);
  assert.equal(denied.body.code, 'insufficient_role');
  const [event] = await events(`event=access.denied&actor_id=${id}`);
  assert.equal(event?.request_id, denied.headers.get('x-request-id'));
  assert.equal((await auth.call('PATCH', `/admin/users/${id}`, { body: 'nonsense' })).status, 401);
});
