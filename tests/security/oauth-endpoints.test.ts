// Introspection and revocation as a service sees them: at the root of the gateway, with its own credentials.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestAuth, type TestAuth } from '@pi-gateway/auth/testing/start-test-auth.ts';
import { createTestDatabase } from '../../launch/testing/test-database.ts';
import { startRealGateway } from './start-real-gateway.ts';

const secret = 'a-secret-of-thirty-two-characters';
const authorization = `Basic ${Buffer.from(`orders:${secret}`).toString('base64')}`;
let auth: TestAuth;
let gateway: { readonly url: string; close(): Promise<void> };
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url, { SERVICE_CLIENTS: `orders:${secret}` });
  gateway = await startRealGateway(auth, '  - { path: /api/*, service: auth, strip_prefix: /api }');
});
after(async () => {
  await gateway.close();
  await auth.close();
});

async function send(path: string, token: string, headers: Record<string, string> = { authorization }) {
  const body = new URLSearchParams({ token });
  const answer = await fetch(gateway.url + path, { method: 'POST', headers, body });
  const text = await answer.text();
  return {
    answer,
    status: answer.status,
    body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}
const login = async () => (await auth.login(auth.admin.email)).access_token;
const me = async (token: string) =>
  (await fetch(`${gateway.url}/api/auth/me`, { headers: { authorization: `Bearer ${token}` } })).status;

test('the metadata, introspection and revocation stand at the root; a revoked token is dead before the answer', async () => {
  const metadata = await fetch(`${gateway.url}/.well-known/oauth-authorization-server`);
  assert.equal(((await metadata.json()) as { issuer: string }).issuer, auth.config.publicUrl);
  const token = await login();
  assert.equal(await me(token), 200);
  assert.equal((await send('/oauth/introspect', token)).body['active'], true);
  const revoked = await send('/oauth/revoke', token);
  assert.deepEqual([revoked.status, revoked.answer.headers.get('x-pi-revocations')], [200, null]);
  assert.equal(await me(token), 401);
  assert.deepEqual((await send('/oauth/introspect', token)).body, { active: false });
});

test('they weaken nothing: no other method or path, no credentials but a service’s own, nothing under /api', async () => {
  const token = await login();
  for (const path of ['/oauth/introspect', '/oauth/revoke']) {
    for (const method of ['GET', 'PUT', 'OPTIONS']) {
      const answer = await fetch(gateway.url + path, { method });
      assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'POST'], `${method} ${path}`);
    }
    for (const headers of [{}, { authorization: `Bearer ${token}` }]) {
      const { status, answer } = await send(path, token, headers);
      assert.equal(status, 401);
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic /);
    }
    assert.equal((await send(`${path}/`, token)).status, 404);
    // Like everything under /api it needs a bearer token, and then auth still wants a service's credentials.
    const { status, answer } = await send(`/api${path}`, token);
    assert.deepEqual([status, answer.headers.get('www-authenticate')], [401, 'Bearer']);
    assert.equal((await send(`/api${path}`, token, { authorization: `Bearer ${token}` })).status, 401);
  }
  assert.equal((await send('/oauth/other', token)).status, 404);
  assert.equal(await me(token), 200);
});
