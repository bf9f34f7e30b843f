import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeRevocations } from '@pi-gateway/gateway-link/revocation-header.ts';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';

let auth: TestAuth;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url);
});
after(() => auth.close());

const logout = (options: Parameters<TestAuth['call']>[2]) => auth.call('POST', '/auth/logout', options);
const isAlive = async (token: string) => (await auth.call('GET', '/auth/me', { token })).status === 200;

async function newSession() {
  return auth.login((await auth.register()).email);
}

describe('204', () => {
  test('the refresh token of any generation ends the session, twice is fine', async () => {
    const { refresh_token, access_token } = await newSession();
    await auth.call('POST', '/auth/refresh', { body: { refresh_token } });
    for (let i = 0; i < 2; i++) assert.equal((await logout({ body: { refresh_token } })).status, 204);
    assert.equal(await isAlive(access_token), false);
  });

  test('a bearer token alone ends its session, with a body or without, and twice is fine', async () => {
    const [a, b] = [await newSession(), await newSession()];
    assert.equal((await logout({ token: a.access_token })).status, 204);
    assert.equal((await logout({ token: a.access_token })).status, 204);
    assert.equal((await logout({ token: b.access_token, body: {} })).status, 204);
    assert.equal(await isAlive(a.access_token), false);
    assert.equal(await isAlive(b.access_token), false);
  });

  test('the other sessions of the user live on', async () => {
    const { email } = await auth.register();
    const [one, other] = [await auth.login(email), await auth.login(email)];
    assert.equal((await logout({ body: { refresh_token: one.refresh_token } })).status, 204);
    assert.deepEqual([await isAlive(one.access_token), await isAlive(other.access_token)], [false, true]);
    const { refresh_token } = other;
    assert.equal((await auth.call('POST', '/auth/refresh', { body: { refresh_token } })).status, 200);
  });

  test('any string is taken for a refresh token, and the bearer beside it is not looked at', async () => {
    const { access_token } = await newSession();
    for (const refresh_token of ['', 'x', 'pir_', '\u{1f600}', access_token]) {
      assert.equal((await logout({ body: { refresh_token } })).status, 204);
      assert.equal((await logout({ body: { refresh_token }, token: access_token })).status, 204);
    }
    assert.equal(await isAlive(access_token), true);
  });

  test('the gateway is told of the revocation on the answer, nobody else is', async () => {
    const [a, b] = [await newSession(), await newSession()];
    const proof = { 'x-pi-gateway': auth.deps.secrets.forwardProof };
    const proven = await logout({ body: { refresh_token: a.refresh_token }, headers: proof });
    const [revocation] = decodeRevocations(proven.headers.get('x-pi-revocations')!);
    assert.equal(revocation?.kind, 'session');
    const plain = await logout({ body: { refresh_token: b.refresh_token } });
    assert.equal(plain.headers.get('x-pi-revocations'), null);
  });

  test('a gateway that carries the second logout of a session is told as well, with either token', async () => {
    const { refresh_token, access_token } = await newSession();
    const headers = { 'x-pi-gateway': auth.deps.secrets.forwardProof };
    const told = [
      await logout({ body: { refresh_token }, headers }),
      await logout({ body: { refresh_token }, headers }),
      await logout({ token: access_token, headers }),
    ].map((answer) => decodeRevocations(answer.headers.get('x-pi-revocations') ?? ''));
    assert.equal(told[0]?.length, 1);
    assert.deepEqual(told.slice(1), [told[0], told[0]]);
  });
});

test('405 for GET, HEAD and DELETE, which end nothing', async () => {
  const { access_token: token } = await newSession();
  for (const method of ['GET', 'HEAD', 'DELETE']) {
    const answer = await fetch(`${auth.url}/auth/logout`, {
      method,
      headers: { authorization: `Bearer ${token}` },
    });
    assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'POST'], method);
  }
  assert.equal(await isAlive(token), true);
});

test('401 without any token, and for a bearer token alone that is invalid', async () => {
  const none = await logout({});
  assert.equal(none.status, 401);
  assert.equal(none.body.code, 'missing_token');
  assert.equal(none.headers.get('www-authenticate'), 'Bearer');
  assert.equal((await logout({ body: {} })).status, 401);
  const invalid = await logout({ token: 'nonsense' });
  assert.equal(invalid.body.code, 'invalid_token');
  assert.equal(invalid.headers.get('www-authenticate'), 'Bearer');
});

test('422 for a refresh token of another type or an unknown field', async () => {
  for (const body of [{ refresh_token: 1 }, { refresh_token: null }, { token: 'x' }, [], null, 'x']) {
    const { access_token: token } = await newSession();
    assert.equal((await logout({ body: JSON.stringify(body), token })).status, 422, JSON.stringify(body));
  }
});
