import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { revokeSigningKey } from '../keys/change-signing-keys.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';

const secret = randomBytes(16).toString('hex');
const credentials = `Basic ${Buffer.from(`orders:${secret}`).toString('base64')}`;
let url: string;
let auth: TestAuth;
before(async () => {
  ({ url } = await createTestDatabase());
  auth = await startTestAuth(url, { SERVICE_CLIENTS: `orders:${secret}` });
});
after(() => auth.close());

type Fields = Record<string, string>;

async function post(path: string, form: Fields | string, headers: Fields = { authorization: credentials }) {
  const response = await fetch(auth.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
  });
  const text = await response.text();
  const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, text, body };
}

const introspect = async (token: string, hint?: string) => {
  const form = hint === undefined ? { token } : { token, token_type_hint: hint };
  const answer = await post('/oauth/introspect', form);
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
};
const revoke = (token: string) => post('/oauth/revoke', { token });
const me = async (token: string) => (await auth.call('GET', '/auth/me', { token })).status;
const inactive = { active: false };

describe('metadata', () => {
  test('names what there is, for the issuer of the tokens, and suits caches', async () => {
    const path = '/.well-known/oauth-authorization-server';
    const { status, headers, body } = await auth.call('GET', path);
    assert.equal(status, 200);
    const origin = auth.config.publicUrl;
    assert.equal(body.issuer, origin);
    assert.equal(body.jwks_uri, `${origin}/.well-known/jwks.json`);
    assert.equal(body.introspection_endpoint, `${origin}/oauth/introspect`);
    assert.equal(body.revocation_endpoint, `${origin}/oauth/revoke`);
    assert.equal(body.token_endpoint, undefined);
    assert.match(headers.get('cache-control') ?? '', /^public, max-age=\d+$/);
    const again = await auth.call('GET', path, { headers: { 'if-none-match': headers.get('etag')! } });
    assert.equal(again.status, 304);
  });
});

describe('introspection of an access token', () => {
  test('a living one is active, with its claims and nothing else, and not cached', async () => {
    const { id, email } = await auth.register();
    const { access_token } = await auth.login(email);
    const answer = await post('/oauth/introspect', { token: access_token, token_type_hint: 'refresh_token' });
    const claims = JSON.parse(Buffer.from(access_token.split('.')[1]!, 'base64url').toString()) as object;
    assert.equal(answer.body.sub, id);
    assert.deepEqual(answer.body, { active: true, token_type: 'Bearer', ...claims });
    assert.equal(answer.headers.get('cache-control'), 'no-store');
  });

  test('a dead one is inactive and nothing more is told: ended session, disabled account, changed role', async () => {
    const admin = (await auth.login(auth.admin.email)).access_token;
    const cases: Record<string, (id: string, token: string) => Promise<{ status: number }>> = {
      logout: (_, token) => auth.call('POST', '/auth/logout', { token }),
      disabled: (id) => auth.call('PATCH', `/admin/users/${id}`, { token: admin, body: { disabled: true } }),
      role: (id) => auth.call('PATCH', `/admin/users/${id}`, { token: admin, body: { role: 'admin' } }),
    };
    for (const [name, end] of Object.entries(cases)) {
      const { id, email } = await auth.register();
      const { access_token } = await auth.login(email);
      assert.equal((await introspect(access_token)).active, true, name);
      assert.ok((await end(id, access_token)).status < 300);
      assert.deepEqual(await introspect(access_token), inactive, name);
    }
  });

  test('what another process ended a moment ago is inactive by the database, before any feed', async () => {
    const { email } = await auth.register();
    const { access_token } = await auth.login(email);
    await auth.deps.db.query({
      name: 'test-end',
      text: 'update sessions set revoked_at = clock_timestamp() where user_id = (select id from users where email = $1)',
      values: [email],
    });
    assert.deepEqual(await introspect(access_token), inactive);
  });

  test('expired to the second, without the leeway for other clocks', async () => {
    const short = await startTestAuth(url, {
      MASTER_KEY: auth.config.masterKey.toString('hex'),
      ACCESS_TOKEN_TTL_SECONDS: '1',
      CLOCK_SKEW_SECONDS: '60',
    });
    try {
      const { access_token } = await short.login(auth.admin.email);
      const deadline = performance.now() + 5000;
      while ((await introspect(access_token)).active !== false) {
        assert.ok(performance.now() < deadline);
        await delay(20);
      }
      const { exp } = JSON.parse(Buffer.from(access_token.split('.')[1]!, 'base64url').toString()) as {
        exp: number;
      };
      assert.ok(Date.now() / 1000 >= exp);
      assert.equal(await me(access_token), 200);
    } finally {
      await short.close();
    }
  });

  test('anything else is inactive', async () => {
    const { access_token } = await auth.login(auth.admin.email);
    for (const token of [
      'x',
      'a.b.c',
      access_token.slice(0, -2),
      `${access_token}x`,
      '\u0000',
      'é'.repeat(2000),
    ]) {
      assert.deepEqual(await introspect(token), inactive);
      assert.deepEqual(await introspect(token, 'refresh_token'), inactive);
    }
  });
});

describe('introspection of a refresh token', () => {
  test('its state is told without using it up, only to who expects one', async () => {
    const { id, email } = await auth.register();
    const { refresh_token: first } = await auth.login(email);
    assert.deepEqual(await introspect(first), inactive);
    for (let i = 0; i < 3; i++) {
      const { active, sub, token_type } = await introspect(first, 'refresh_token');
      assert.deepEqual([active, sub, token_type], [true, id, undefined]);
    }
    const rotated = await auth.call('POST', '/auth/refresh', { body: { refresh_token: first } });
    assert.equal(rotated.headers.get('x-refresh-outcome'), 'rotated');
    const second = String(rotated.body.refresh_token);
    assert.equal((await introspect(first, 'refresh_token')).active, true, 'within the grace');
    const third = await auth.call('POST', '/auth/refresh', { body: { refresh_token: second } });
    assert.deepEqual(await introspect(first, 'refresh_token'), inactive);
    // Asking about an old one is no reuse: the session lives on.
    const after = await introspect(String(third.body.refresh_token), 'refresh_token');
    assert.equal(after.active, true);
    assert.equal(await me(String(third.body.access_token)), 200);
  });
});

describe('revocation', () => {
  test('ends the session of an access or a refresh token, of any age, with one event that names the service', async () => {
    for (const kind of ['access_token', 'refresh_token'] as const) {
      const { id, email } = await auth.register();
      const tokens = await auth.login(email);
      await auth.call('POST', '/auth/refresh', { body: { refresh_token: tokens.refresh_token } });
      for (let i = 0; i < 2; i++) {
        const answer = await revoke(tokens[kind]);
        assert.deepEqual([answer.status, answer.text], [200, '']);
      }
      assert.equal(await me(tokens.access_token), 401);
      assert.equal(
        (await auth.call('POST', '/auth/refresh', { body: { refresh_token: tokens.refresh_token } })).status,
        401,
      );
      const token = (await auth.login(auth.admin.email)).access_token;
      const path = `/admin/audit?event=session.revoked&target_id=${id}`;
      const { items } = (await auth.call('GET', path, { token })).body as {
        items: Record<string, unknown>[];
      };
      assert.equal(items.length, 1);
      assert.deepEqual([items[0]?.actor_id, items[0]?.data], [null, { reason: 'client', client: 'orders' }]);
    }
  });

  test('a token that is none is a 200 and changes nothing', async () => {
    const { access_token } = await auth.login(auth.admin.email);
    for (const token of ['x', `${access_token}x`, 'pir_x']) assert.equal((await revoke(token)).status, 200);
    assert.equal(await me(access_token), 200);
  });

  test('the gateway that carried it hears of it on the answer', async () => {
    const { access_token } = await auth.login(auth.admin.email);
    const headers = { authorization: credentials, 'x-pi-gateway': auth.deps.secrets.forwardProof };
    const answer = await post('/oauth/revoke', { token: access_token }, headers);
    assert.ok(answer.headers.get('x-pi-revocations') !== null);
  });
});

describe('who may ask', () => {
  test('without the credentials of a service: 401 with a Basic challenge, whoever it is, before the body is read', async () => {
    const { access_token } = await auth.login(auth.admin.email);
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    for (const path of ['/oauth/introspect', '/oauth/revoke']) {
      for (const authorization of [
        undefined,
        `Bearer ${access_token}`,
        basic(`orders:${'x'.repeat(32)}`),
        basic(`a:${secret}`),
      ]) {
        const answer = await post(path, 'not a form %', authorization === undefined ? {} : { authorization });
        assert.deepEqual([answer.status, answer.body.code], [401, 'invalid_credentials']);
        assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic realm="[^"]+", charset="UTF-8"$/);
        assert.equal(answer.headers.get('content-type'), 'application/problem+json');
      }
    }
    assert.equal(await me(access_token), 200);
  });

  test('with no clients set, nobody', async () => {
    const closed = await startTestAuth(url, { MASTER_KEY: auth.config.masterKey.toString('hex') });
    try {
      const answer = await closed.call('POST', '/oauth/introspect', {
        headers: { authorization: credentials },
      });
      assert.equal(answer.status, 401);
    } finally {
      await closed.close();
    }
  });
});

describe('forms', () => {
  test('a missing or doubled parameter and what is not percent-encoded UTF-8 are a 400, unknown ones are ignored', async () => {
    for (const form of [
      '',
      'token=',
      'x=1',
      'token=a&token=b',
      'token=%',
      'token=%ff',
      'token=%zz',
      'token=é',
    ]) {
      const answer = await post('/oauth/introspect', form);
      assert.deepEqual([answer.status, answer.body.code], [400, 'malformed_request'], form);
    }
    const answer = await post('/oauth/introspect', 'token=a+b&x=1&__proto__=2&&token_type_hint=anything');
    assert.deepEqual(answer.body, inactive);
  });

  test('another type is a 415, a query key a 422, a form beyond 16 KiB a 413', async () => {
    for (const type of [
      'application/json',
      'text/plain',
      'application/x-www-form-urlencoded; charset=latin1',
    ]) {
      const answer = await post('/oauth/introspect', 'token=x', {
        authorization: credentials,
        'content-type': type,
      });
      assert.deepEqual([answer.status, answer.body.code], [415, 'unsupported_media_type']);
    }
    assert.equal((await post('/oauth/introspect?x=1', 'token=x')).status, 422);
    assert.equal((await post('/oauth/introspect', `token=${'x'.repeat(16_384)}`)).status, 413);
    const login = await fetch(`${auth.url}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'email=a@example.com&password=x',
    });
    assert.equal(login.status, 415);
  });
});

test('a token of a withdrawn key is inactive', async () => {
  const { access_token } = await auth.login(auth.admin.email);
  const { kid } = JSON.parse(Buffer.from(access_token.split('.')[0]!, 'base64url').toString()) as {
    kid: string;
  };
  await revokeSigningKey(auth.deps.db, deriveSecret(auth.config.masterKey, 'signing-key-encryption/v1'), kid);
  await auth.deps.keyRing.maintain();
  assert.deepEqual(await introspect(access_token), inactive);
});
