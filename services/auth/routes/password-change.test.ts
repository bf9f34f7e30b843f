import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { startTestAuth, type TestAuth, testPassword } from '../testing/start-test-auth.ts';

let auth: TestAuth;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url, {
    RATE_LIMIT_LOGIN_PER_ACCOUNT: '4/3600',
    LOGIN_FAILURES_MAX: '6',
  });
});
after(() => auth.close());

const nextPassword = 'nine green ladders';

const change = (
  token: string,
  { current = testPassword, next = nextPassword }: { current?: unknown; next?: unknown } = {},
  ip = '10.1.0.1',
) =>
  auth.call('POST', '/auth/password', {
    token,
    body: { current_password: current, new_password: next },
    headers: { 'x-pi-gateway': auth.deps.secrets.forwardProof, 'x-forwarded-for': ip },
  });
const refresh = (refresh_token: string) => auth.call('POST', '/auth/refresh', { body: { refresh_token } });
const me = async (token: string) => (await auth.call('GET', '/auth/me', { token })).status;
const login = async (email: string, password: string) =>
  (await auth.call('POST', '/auth/login', { body: { email, password } })).status;
async function events(targetId: string) {
  const { access_token: token } = await auth.login(auth.admin.email);
  const answer = await auth.call('GET', `/admin/audit?event=user.password_changed&target_id=${targetId}`, {
    token,
  });
  return (answer.body.items as { outcome: string; actor_id: string; data: object }[]).map(
    ({ outcome, actor_id, data }) => ({ outcome, actor_id, data }),
  );
}

test('204: the new password signs in, the old one does not, one event tells of it', async () => {
  const { id, email } = await auth.register();
  const { access_token: token } = await auth.login(email);
  const answer = await change(token);
  assert.equal(answer.status, 204);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.ok(answer.headers.get('x-pi-revocations'));
  assert.equal(await login(email, testPassword), 401);
  assert.equal(await login(email, nextPassword), 200);
  assert.deepEqual(await events(id), [{ outcome: 'success', actor_id: id, data: { sessions_ended: 0 } }]);
});

test('all other sessions end, every access token issued before is dead, this session refreshes', async () => {
  const { email } = await auth.register();
  const mine = await auth.login(email);
  const other = await auth.login(email);
  assert.equal((await change(mine.access_token)).status, 204);
  assert.deepEqual([await me(mine.access_token), await me(other.access_token)], [401, 401]);
  assert.equal((await refresh(other.refresh_token)).status, 401);
  const next = await refresh(mine.refresh_token);
  assert.equal(next.status, 200);
  assert.equal(await me(String(next.body.access_token)), 200);
});

test('no token outlives a change by a clock that was set back', async () => {
  const { id, email } = await auth.register();
  // The last change of rights lies ahead, as when the clock was set back since.
  await auth.deps.db.query({
    name: 'test-set-clock-back',
    text: `update users set tokens_valid_after = clock_timestamp() + interval '4 seconds' where id = $1`,
    values: [id],
  });
  const { access_token: token } = await auth.login(email);
  assert.equal(await me(token), 200);
  assert.equal((await change(token)).status, 204);
  assert.equal(await me(token), 401);
});

test('a session ended meanwhile, or a password changed meanwhile, changes nothing', async () => {
  const { email } = await auth.register();
  const { access_token: token, refresh_token } = await auth.login(email);
  const answers = await Promise.all([
    ...Array.from({ length: 3 }, (_, i) => change(token, { next: `${nextPassword} ${i}` })),
    auth.call('POST', '/auth/logout', { body: { refresh_token } }),
  ]);
  const changed = answers.slice(0, 3).map(({ status }) => status);
  assert.ok(changed.filter((status) => status === 204).length <= 1, changed.join());
  assert.ok(
    changed.every((status) => status === 204 || status === 401),
    changed.join(),
  );
  assert.equal((await refresh(refresh_token)).status, 401);
  const won = changed.indexOf(204);
  assert.equal(await login(email, won === -1 ? testPassword : `${nextPassword} ${won}`), 200);
});

describe('401', () => {
  test('a wrong present password is invalid_credentials with a bare challenge and ends nothing', async () => {
    const { id, email } = await auth.register();
    const { access_token: token } = await auth.login(email);
    const answer = await change(token, { current: 'wrong' });
    assert.deepEqual([answer.status, answer.body.code], [401, 'invalid_credentials']);
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
    assert.match(answer.headers.get('ratelimit') ?? '', /"login-account";r=3/);
    assert.equal(await me(token), 200);
    assert.equal(await login(email, testPassword), 200);
    assert.deepEqual(await events(id), [
      { outcome: 'failure', actor_id: id, data: { reason: 'wrong_password' } },
    ]);
  });

  test('without a token there is nothing to change', async () => {
    const answer = await auth.call('POST', '/auth/password', { body: {} });
    assert.deepEqual([answer.status, answer.body.code], [401, 'missing_token']);
  });
});

describe('422', () => {
  test('the new password is held to the rules, each field is pointed at, and nothing is counted', async () => {
    const { email } = await auth.register();
    const { access_token: token } = await auth.login(email);
    for (const [body, pointer] of [
      [{ next: 'short' }, '/new_password'],
      [{ next: 'password1234' }, '/new_password'],
      [{ next: email }, '/new_password'],
      [{ next: 'é'.repeat(513) }, '/new_password'],
      [{ current: 'é'.repeat(513) }, '/current_password'],
      [{ next: null }, '/new_password'],
    ] as const) {
      const answer = await change(token, body, '10.1.0.9');
      assert.equal(answer.status, 422);
      assert.equal((answer.body.errors as { pointer: string }[])[0]?.pointer, pointer);
    }
    const wrong = await change(token, { current: 'wrong' }, '10.1.0.9');
    assert.match(wrong.headers.get('ratelimit') ?? '', /"login-account";r=3/);
  });
});

describe('429', () => {
  test('guesses of the present password, parallel ones too, count like failed logins', async () => {
    const { email } = await auth.register();
    const { access_token: token } = await auth.login(email);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => change(token, { current: 'guess' }, '10.1.0.2')),
    );
    const evaluated = answers.filter(({ status }) => status === 401).length;
    assert.ok(evaluated >= 4 && evaluated <= 6, `${evaluated} evaluated`);
    const limited = await change(token, {}, '10.1.0.2');
    assert.deepEqual([limited.status, limited.body.code], [429, 'rate_limited']);
    assert.ok(Number(limited.headers.get('retry-after')) >= 1);
  });

  test('a success clears the failures of the account', async () => {
    const { email } = await auth.register();
    const { access_token: token } = await auth.login(email);
    for (let i = 0; i < 3; i++) await change(token, { current: 'guess' }, '10.1.0.3');
    assert.equal((await change(token, {}, '10.1.0.3')).status, 204);
    const stranger = (password: string, ip: string) =>
      auth.call('POST', '/auth/login', {
        body: { email, password },
        headers: { 'x-pi-gateway': auth.deps.secrets.forwardProof, 'x-forwarded-for': ip },
      });
    // Three and then five more in a row would be past LOGIN_FAILURES_MAX.
    for (let i = 0; i < 5; i++) assert.equal((await stranger('guess', `10.1.1.${i}`)).status, 401);
    assert.equal((await stranger(nextPassword, '10.1.2.1')).status, 200);
  });
});
