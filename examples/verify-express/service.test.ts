import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { createTokenVerifier } from '@pi-gateway/access-token';
import { signRefusedTokens } from '@pi-gateway/access-token/testing/refused-tokens.ts';
import { startTestIssuer } from '@pi-gateway/access-token/testing/test-issuer.ts';
import { createService } from './service.ts';

const auth = await startTestIssuer();
const refusedTokens = await signRefusedTokens(auth.issuer, auth.keys[0]!);
const tokens = createTokenVerifier({ issuer: auth.issuer });
const server = createService(tokens).listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

after(() => {
  server.close();
  tokens.close();
  auth.close();
});

async function get(path: string, ...credentials: readonly string[]) {
  const lines = credentials.map((value): [string, string] => ['authorization', value]);
  const answer = await fetch(url + path, { headers: new Headers(lines) });
  const challenge = answer.headers.get('www-authenticate');
  return { status: answer.status, challenge, body: (await answer.json()) as Record<string, unknown> };
}

test('a valid token tells who calls', async () => {
  const sub = '0190a000-0000-7000-8000-00000000000a';
  const { status, body } = await get('/whoami', `Bearer ${await auth.token({ sub })}`);
  assert.deepEqual([status, body], [200, { id: sub, roles: ['user'] }]);
});

test('a role is demanded where it is needed', async () => {
  const refused = await get('/reports', `Bearer ${await auth.token()}`);
  assert.deepEqual([refused.status, refused.body], [403, { error: 'insufficient_role' }]);
  assert.equal((await get('/reports', `Bearer ${await auth.token({ role: 'admin' })}`)).status, 200);
});

test('without a token only the open route answers', async () => {
  assert.equal((await get('/health')).status, 200);
  for (const path of ['/whoami', '/reports']) {
    const { status, challenge } = await get(path);
    assert.deepEqual([status, challenge], [401, 'Bearer'], path);
  }
});

for (const [what, token] of Object.entries(refusedTokens)) {
  test(`401: ${what}`, async () => {
    const { status, challenge, body } = await get('/whoami', `Bearer ${token}`);
    assert.deepEqual([status, challenge], [401, 'Bearer error="invalid_token"']);
    assert.deepEqual(body, { error: 'invalid' });
  });
}

test('a list of tokens is refused as ambiguous', async () => {
  const line = `Bearer ${await auth.token()}`;
  assert.equal((await get('/whoami', line, line)).status, 400);
});
