import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { SettingError } from '@pi-gateway/env/settings.ts';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { type Answer, startTestAuth, type TestAuth, testPassword } from '../testing/start-test-auth.ts';

const publicUrl = 'https://login.example.com';
const env = { MASTER_KEY: randomBytes(32).toString('hex'), PUBLIC_URL: publicUrl };
let url: string;
let auth: TestAuth;
before(async () => {
  ({ url } = await createTestDatabase());
  auth = await startTestAuth(url, { ...env, REFRESH_COOKIE: 'on', REFRESH_GRACE_SECONDS: '60' });
});
after(() => auth.close());

const page = { 'x-pi-csrf': '1', 'sec-fetch-site': 'same-origin' };
const foreign: Record<string, string>[] = [
  {},
  { 'x-pi-csrf': '1' },
  { 'x-pi-csrf': '0', 'sec-fetch-site': 'same-origin' },
  { 'sec-fetch-site': 'same-origin', origin: publicUrl },
  { 'x-pi-csrf': '1', 'sec-fetch-site': 'cross-site' },
  { 'x-pi-csrf': '1', 'sec-fetch-site': 'same-site' },
  { 'x-pi-csrf': '1', 'sec-fetch-site': 'cross-site', origin: publicUrl },
  { 'x-pi-csrf': '1', 'sec-fetch-site': '' },
  { 'x-pi-csrf': '1', origin: 'https://evil.example' },
  { 'x-pi-csrf': '1', origin: 'null' },
  { 'x-pi-csrf': '1', origin: `${publicUrl}.evil.example` },
  { 'x-pi-csrf': '1', origin: 'http://login.example.com' },
];
const cookieForm =
  /^__Host-pi_refresh=(pir_[\w-]+); Max-Age=(\d+); Path=\/; Secure; HttpOnly; SameSite=Strict$/;
const cleared = '__Host-pi_refresh=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict';

const cookieOf = ({ headers }: Answer) => cookieForm.exec(headers.get('set-cookie') ?? '');
const withCookie = (token: string, headers: Record<string, string> = page) => ({
  headers: { ...headers, cookie: `theme=dark; __Host-pi_refresh=${token}; x=y` },
});
const refresh = (token: string, headers?: Record<string, string>) =>
  auth.call('POST', '/auth/refresh', withCookie(token, headers));
const me = async (token: unknown) => (await auth.call('GET', '/auth/me', { token: String(token) })).status;

async function loginAs(email: string, headers: Record<string, string> = page): Promise<Answer> {
  return auth.call('POST', '/auth/login', { body: { email, password: testPassword }, headers });
}
/** A session whose refresh token is in the cookie. */
async function signIn() {
  const { id, email } = await auth.register();
  const answer = await loginAs(email);
  return { id, email, token: cookieOf(answer)![1]!, access: answer.body.access_token };
}

describe('login', () => {
  test('a page that asks gets the token in the cookie for as long as the session lives, and not in the body', async () => {
    const { email } = await auth.register();
    for (const headers of [
      page,
      { 'x-pi-csrf': '1', origin: publicUrl },
      { ...page, 'sec-fetch-site': 'none' },
    ]) {
      const answer = await loginAs(email, headers);
      assert.equal(answer.status, 200);
      assert.equal(cookieOf(answer)?.[2], String(answer.body.refresh_expires_in));
      assert.deepEqual(Object.keys(answer.body), [
        'access_token',
        'token_type',
        'expires_in',
        'refresh_expires_in',
      ]);
    }
  });

  test('whoever does not ask gets it in the body and no cookie', async () => {
    const { email } = await auth.register();
    for (const headers of [{}, { 'sec-fetch-site': 'cross-site' }, { 'x-pi-csrf': '2' }]) {
      const answer = await loginAs(email, headers);
      assert.match(String(answer.body.refresh_token), /^pir_/);
      assert.equal(answer.headers.get('set-cookie'), null);
    }
  });

  test('a foreign page that asks is refused, whatever its password', async () => {
    const { email } = await auth.register();
    for (const headers of foreign.filter((one) => one['x-pi-csrf'] === '1')) {
      const answer = await loginAs(email, headers);
      assert.deepEqual(
        [answer.status, answer.body.code],
        [400, 'malformed_request'],
        JSON.stringify(headers),
      );
      assert.equal(answer.headers.get('set-cookie'), null);
    }
  });
});

describe('refresh', () => {
  test('the token comes from the cookie and its successor goes there, never into the body', async () => {
    const { token } = await signIn();
    const first = await refresh(token);
    assert.deepEqual([first.status, first.headers.get('x-refresh-outcome')], [200, 'rotated']);
    assert.equal(first.body.refresh_token, undefined);
    const [, second, maxAge] = cookieOf(first)!;
    assert.notEqual(second, token);
    assert.equal(maxAge, String(first.body.refresh_expires_in));
    assert.equal((await refresh(second!)).status, 200);
  });

  test('two tabs that race get the same successor', async () => {
    const { token } = await signIn();
    const answers = await Promise.all([refresh(token), refresh(token), refresh(token)]);
    assert.equal(new Set(answers.map((answer) => cookieOf(answer)?.[1])).size, 1);
    const outcomes = answers.map(({ headers }) => String(headers.get('x-refresh-outcome')));
    assert.equal(outcomes.filter((outcome) => outcome === 'rotated').length, 1);
    assert.equal(outcomes.filter((outcome) => outcome === 'repeated').length, 2);
  });

  test('a request that no page of ours made changes nothing: 401, the cookie stays, the token lives', async () => {
    const { token } = await signIn();
    for (const headers of foreign) {
      const answer = await refresh(token, headers);
      assert.deepEqual(
        [answer.status, answer.body.code],
        [401, 'invalid_refresh_token'],
        JSON.stringify(headers),
      );
      assert.equal(answer.headers.get('set-cookie'), null);
    }
    assert.equal((await refresh(token)).headers.get('x-refresh-outcome'), 'rotated');
  });

  test('a token in the body is answered in the body, and the cookie beside it is not looked at', async () => {
    const { token, email } = await signIn();
    const given = String((await loginAs(email, {})).body.refresh_token);
    const { headers } = withCookie(token);
    const answer = await auth.call('POST', '/auth/refresh', { body: { refresh_token: given }, headers });
    assert.match(String(answer.body.refresh_token), /^pir_/);
    assert.equal(answer.headers.get('set-cookie'), null);
    assert.equal((await refresh(token)).headers.get('x-refresh-outcome'), 'rotated');
    const wrong = await auth.call('POST', '/auth/refresh', { body: { refresh_token: 1 }, headers });
    assert.equal(wrong.status, 422);
  });

  test('two cookies of the name, an empty one and none are refused', async () => {
    const { token } = await signIn();
    const name = '__Host-pi_refresh';
    for (const cookie of [
      `${name}=x; ${name}=${token}`,
      `${name}=${token};${name}=${token}`,
      `${name}=`,
      'a=b',
    ]) {
      const answer = await auth.call('POST', '/auth/refresh', { headers: { ...page, cookie } });
      assert.deepEqual([answer.status, answer.body.code], [401, 'invalid_refresh_token'], cookie);
    }
    const none = await auth.call('POST', '/auth/refresh', { body: {}, headers: page });
    assert.equal(none.status, 401);
    assert.equal((await refresh(token)).status, 200);
  });

  test('reuse kills the session and takes the cookie away', async () => {
    const { token, access } = await signIn();
    const second = cookieOf(await refresh(token))![1]!;
    await refresh(second);
    const answer = await refresh(token);
    assert.deepEqual([answer.status, answer.headers.get('set-cookie')], [401, cleared]);
    assert.equal(await me(access), 401);
  });
});

describe('logout', () => {
  const logout = (token: string, options: { headers?: Record<string, string>; token?: string } = {}) =>
    auth.call('POST', '/auth/logout', {
      ...withCookie(token, options.headers),
      ...(options.token === undefined ? {} : { token: options.token }),
    });

  test('ends the session of the cookie and takes it away, twice too', async () => {
    const { token, access } = await signIn();
    for (let i = 0; i < 2; i++) {
      const answer = await logout(token);
      assert.deepEqual([answer.status, answer.headers.get('set-cookie')], [204, cleared]);
    }
    assert.equal(await me(access), 401);
    assert.equal((await refresh(token)).status, 401);
  });

  test('a request that no page of ours made does not log anybody out', async () => {
    const { token, access } = await signIn();
    for (const headers of foreign) {
      const answer = await logout(token, { headers });
      assert.deepEqual(
        [answer.status, answer.headers.get('set-cookie')],
        [401, null],
        JSON.stringify(headers),
      );
    }
    assert.equal(await me(access), 200);
    const other = await signIn();
    assert.equal((await logout(token, { headers: {}, token: String(other.access) })).status, 204);
    assert.deepEqual([await me(access), await me(other.access)], [200, 401]);
  });

  test('a token in the body decides, and the cookie stays', async () => {
    const { token, access, email } = await signIn();
    const given = String((await loginAs(email, {})).body.refresh_token);
    const body = { refresh_token: given };
    const answer = await auth.call('POST', '/auth/logout', { body, ...withCookie(token) });
    assert.deepEqual([answer.status, answer.headers.get('set-cookie')], [204, null]);
    assert.equal(await me(access), 200);
  });
});

describe('settings', () => {
  test('off, which is the default: cookies and the header mean nothing, the answers are as ever', async () => {
    const off = await startTestAuth(url, env);
    try {
      const { email, token } = await signIn();
      const login = { email, password: testPassword };
      const answer = await off.call('POST', '/auth/login', { body: login, headers: page });
      assert.match(String(answer.body.refresh_token), /^pir_/);
      assert.equal(answer.headers.get('set-cookie'), null);
      const { headers } = withCookie(token);
      assert.equal((await off.call('POST', '/auth/refresh', { body: {}, headers })).status, 422);
      assert.equal((await off.call('POST', '/auth/refresh', { headers })).status, 422);
      assert.equal((await off.call('POST', '/auth/logout', { headers })).status, 401);
    } finally {
      await off.close();
    }
  });

  test('on needs an origin whose cookies browsers keep', async () => {
    for (const origin of ['http://login.example.com', 'http://localhost.example.com']) {
      await assert.rejects(
        startTestAuth(url, { ...env, PUBLIC_URL: origin, REFRESH_COOKIE: 'on' }),
        SettingError,
      );
    }
  });
});
