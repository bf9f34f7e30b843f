// What docs/reference/audit-events.md says of refusals and readings: each outcome leaves one event that tells who, whose,
// from where and of which request.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { type Answer, startTestAuth, type TestAuth, testPassword } from '../testing/start-test-auth.ts';

const secret = randomBytes(16).toString('hex');
const headers = { 'user-agent': 'each outcome' };
const wrong = 'wrong wrong wrong';
const nobody = uuidV7(Date.now() * 1000);

let auth: TestAuth;
let closed: TestAuth;
let limited: TestAuth;
before(async () => {
  const { url } = await createTestDatabase();
  const env = { MASTER_KEY: randomBytes(32).toString('hex'), SERVICE_CLIENTS: `orders:${secret}` };
  auth = await startTestAuth(url, env);
  closed = await startTestAuth(url, { ...env, REGISTRATION: 'closed' });
  const limits = { RATE_LIMIT_LOGIN_PER_ACCOUNT: '1/3600', RATE_LIMIT_REGISTER_PER_IP: '1/3600' };
  limited = await startTestAuth(url, { ...env, ...limits });
});
after(async () => {
  await Promise.all([auth.close(), closed.close(), limited.close()]);
});

type Row = {
  readonly event: string;
  readonly outcome: string;
  readonly actor: string | null;
  readonly target: string | null;
  readonly session: string | null;
  readonly data: Record<string, unknown>;
};

/** The events of one answer, and that they tell of its client. */
async function eventsOf({ headers: answered }: Answer): Promise<Row[]> {
  for (const one of [auth, closed, limited]) await one.deps.refusals.flush();
  const rows = await auth.deps.db.query<Row & { ip: string; agent: string }>({
    name: 'test-events-of',
    text: `select event, outcome, actor_id as actor, target_id as target, session_id as session, ip,
        user_agent as agent, data from audit_events where request_id = $1 order by id`,
    values: [answered.get('x-request-id')],
  });
  return rows.map(({ ip, agent, ...row }) => {
    assert.deepEqual([ip, agent], ['127.0.0.1', 'each outcome']);
    return row;
  });
}

async function assertLeft(answer: Answer, status: number, expected: Partial<Row>): Promise<void> {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  const [event, ...more] = await eventsOf(answer);
  assert.deepEqual(more, []);
  const { data, ...who } = { actor: null, target: null, session: null, ...expected };
  const { account, ...told } = event!.data;
  assert.deepEqual({ ...event, data: told }, { ...who, data: data ?? {} });
  if (account !== undefined) assert.match(account as string, /^[\w-]{22}$/);
}

const post = (path: string, body: unknown, by = auth, token?: string) =>
  by.call('POST', path, { body, headers, ...(token === undefined ? {} : { token }) });
const get = (path: string, token: string) => auth.call('GET', path, { token, headers });

async function signedIn(email?: string) {
  const user = email === undefined ? await auth.register() : { email, id: '' };
  const tokens = await auth.login(user.email);
  const { id } = (await get('/auth/me', tokens.access_token)).body;
  const sessions = (await get('/auth/sessions', tokens.access_token)).body.items as { id: string }[];
  return {
    email: user.email,
    id: String(id),
    session: sessions[0]!.id,
    token: tokens.access_token,
    ...tokens,
  };
}

test('a registration that makes no account tells why', async () => {
  const { email } = await auth.register();
  const refused = { event: 'registration.refused', outcome: 'denied' };
  const body = { email, password: testPassword };
  const taken = { ...refused, outcome: 'failure', data: { reason: 'email_taken' } };
  await assertLeft(await post('/auth/register', body), 409, taken);
  await assertLeft(await post('/auth/register', body, closed), 403, {
    ...refused,
    data: { reason: 'closed' },
  });
  await post('/auth/register', body, limited);
  const data = { reason: 'rate_limited' };
  await assertLeft(await post('/auth/register', body, limited), 429, { ...refused, data });
  const confirm = { token: 'x', password: testPassword };
  const unknown = { ...refused, outcome: 'failure', data: { reason: 'unknown_token' } };
  await assertLeft(await post('/auth/register/confirm', confirm), 422, unknown);
});

test('a login that fails or is limited, and a change of password that does', async () => {
  const user = await signedIn();
  const body = { email: user.email, password: wrong };
  const failed = { event: 'login.failed', outcome: 'failure', target: user.id };
  await assertLeft(await post('/auth/login', body), 401, { ...failed, data: { reason: 'wrong_password' } });
  const unknown = { event: 'login.failed', outcome: 'failure', data: { reason: 'unknown_address' } };
  await assertLeft(await post('/auth/login', { ...body, email: 'nobody@example.com' }), 401, unknown);
  await post('/auth/login', body, limited);
  const denied = { event: 'login.rate_limited', outcome: 'denied' };
  await assertLeft(await post('/auth/login', body, limited), 429, denied);
  const change = { current_password: wrong, new_password: 'another good password' };
  const who = { actor: user.id, target: user.id, session: user.session };
  const changed = { event: 'user.password_changed', ...who };
  const isWrong = { ...changed, outcome: 'failure', data: { reason: 'wrong_password' } };
  await assertLeft(await post('/auth/password', change, auth, user.token), 401, isWrong);
  const isLimited = { ...changed, outcome: 'denied', data: { reason: 'rate_limited' } };
  await assertLeft(await post('/auth/password', change, limited, user.token), 429, isLimited);
});

test('a refresh token that is refused: forged, of nobody, or of a session that is over', async () => {
  const user = await signedIn();
  const refused = { event: 'token.refused', outcome: 'denied' };
  const refresh = (refresh_token: string) => post('/auth/refresh', { refresh_token });
  const malformed = { ...refused, data: { reason: 'malformed' } };
  for (const text of ['x', `${user.refresh_token}A`, user.refresh_token.replace(/.$/, '!')]) {
    await assertLeft(await refresh(text), 401, malformed);
  }
  await auth.call('POST', '/auth/logout', { token: user.token });
  const who = { target: user.id, session: user.session };
  await assertLeft(await refresh(user.refresh_token), 401, {
    ...refused,
    ...who,
    data: { reason: 'revoked' },
  });
});

test('a token that does not hold, on every way to auth, and whose it was when it was one of ours', async () => {
  const user = await signedIn();
  const denied = { event: 'access.denied', outcome: 'denied' };
  const route = { method: 'GET', route: '/auth/me' };
  const malformed = { reason: 'invalid_token', fault: 'malformed', ...route };
  await assertLeft(await get('/auth/me', 'a.b.c'), 401, { ...denied, data: malformed });
  await auth.call('POST', '/auth/logout', { token: user.token });
  const revoked = { reason: 'invalid_token', fault: 'revoked', ...route };
  const whose = { target: user.id, session: user.session };
  await assertLeft(await get('/auth/me', user.token), 401, { ...denied, ...whose, data: revoked });
  const logout = { reason: 'invalid_token', fault: 'malformed', method: 'POST', route: '/auth/logout' };
  await assertLeft(await post('/auth/logout', undefined, auth, 'x.y'), 401, { ...denied, data: logout });
  assert.deepEqual(
    await eventsOf(await auth.call('GET', '/auth/me', { headers })),
    [],
    'no token claims nothing',
  );
});

test("a user at an admin's route, at another's session", async () => {
  const [user, other] = [await signedIn(), await signedIn()];
  const who = { actor: user.id, target: user.id, session: user.session };
  const denied = { event: 'access.denied', outcome: 'denied', ...who };
  const route = { method: 'GET', route: '/admin/users/:id', role: 'user' };
  const data = { reason: 'insufficient_role', ...route };
  await assertLeft(await get(`/admin/users/${other.id}`, user.token), 403, { ...denied, data });
  const path = `/auth/sessions/${other.session}`;
  const answer = await auth.call('DELETE', path, { token: user.token, headers });
  await assertLeft(answer, 404, { ...denied, data: { reason: 'no_such_session', role: 'user' } });
});

test('wrong credentials of a service, and a wrong proof of being our gateway', async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded', ...headers };
  const authorization = `Basic ${Buffer.from(`orders:${secret}x`).toString('base64')}`;
  const send = (more: Record<string, string>) =>
    auth.call('POST', '/oauth/introspect', { body: 'token=x', headers: { ...form, ...more } });
  const denied = { event: 'access.denied', outcome: 'denied' };
  const data = { reason: 'invalid_client', method: 'POST', route: '/oauth/introspect' };
  await assertLeft(await send({ authorization }), 401, { ...denied, data });
  assert.deepEqual(await eventsOf(await send({})), [], 'no credentials claim nothing');
  const proof = { ...headers, 'x-pi-call': auth.deps.secrets.forwardProof };
  const answer = await auth.call('GET', '/internal/revocations?since=0', { headers: proof });
  const forged = { reason: 'invalid_proof', method: 'GET', route: '/internal/revocations' };
  await assertLeft(answer, 404, { ...denied, data: forged });
});

test('what an admin reads: the filter, not the result, and an address only as its keyed hash', async () => {
  const admin = await signedIn(auth.admin.email);
  const user = await auth.register();
  const who = { actor: admin.id, session: admin.session };
  const read = { event: 'user.read', ...who };
  const path = `/admin/users/${user.id}`;
  await assertLeft(await get(path, admin.token), 200, { ...read, outcome: 'success', target: user.id });
  const missing = { ...read, outcome: 'failure', target: nobody };
  await assertLeft(await get(`/admin/users/${nobody}`, admin.token), 404, missing);
  const listed = await get(`/admin/users?email=${user.email}&role=user&limit=7`, admin.token);
  const data = { role: 'user', limit: '7' };
  await assertLeft(listed, 200, { event: 'users.listed', outcome: 'success', ...who, data });
  assert.match(String((await eventsOf(listed))[0]!.data['account']), /^[\w-]{22}$/);
  const audit = await get(`/admin/audit?event=logout&target_id=${user.id}&ip=192.0.2.1`, admin.token);
  const asked = { event: 'logout', target_id: user.id, ip: '192.0.2.1' };
  await assertLeft(audit, 200, { event: 'audit.listed', outcome: 'success', ...who, data: asked });
  const newest = (await get('/admin/audit?limit=1', admin.token)).body.items as { request_id: string }[];
  assert.equal(
    newest[0]!.request_id,
    audit.headers.get('x-request-id'),
    'a page does not show its own reading',
  );
});

test('a change tells the old value and the new one; one that is refused what was wanted', async () => {
  const admin = await signedIn(auth.admin.email);
  const user = await signedIn();
  const change = (id: string, body: unknown) =>
    auth.call('PATCH', `/admin/users/${id}`, { token: admin.token, body, headers });
  const who = { actor: admin.id, session: admin.session, target: user.id, outcome: 'success' };
  const role = { event: 'user.role_changed', ...who, data: { from: 'user', to: 'admin' } };
  await assertLeft(await change(user.id, { role: 'admin' }), 200, role);
  const off = { event: 'user.disabled', ...who, data: { from: false, to: true, sessions_ended: 1 } };
  await assertLeft(await change(user.id, { disabled: true }), 200, off);
  const on = { event: 'user.enabled', ...who, data: { from: true, to: false } };
  await assertLeft(await change(user.id, { disabled: false }), 200, on);
  const unlocked = { event: 'user.unlocked', ...who };
  await assertLeft(await change(user.id, { disabled: false }), 200, unlocked);
  await change(user.id, { role: 'user' });
  const refused = { event: 'user.change_refused', ...who };
  const last = { ...refused, outcome: 'denied', target: admin.id };
  const wanted = { reason: 'last_admin', wanted: { role: 'user' } };
  await assertLeft(await change(admin.id, { role: 'user' }), 409, { ...last, data: wanted });
  const missing = { ...refused, outcome: 'failure', target: nobody };
  const disabled = { reason: 'not_found', wanted: { disabled: true } };
  await assertLeft(await change(nobody, { disabled: true }), 404, { ...missing, data: disabled });
  const path = `/admin/users/${nobody}/sessions`;
  const ended = await auth.call('DELETE', path, { token: admin.token, headers });
  const sessions = { reason: 'not_found', wanted: { sessions: 'ended' } };
  await assertLeft(ended, 404, { ...missing, data: sessions });
});
