// The refresh cookie as a browser carries it: through the gateway, both ways.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestAuth, type TestAuth } from '@pi-gateway/auth/testing/start-test-auth.ts';
import { createTestDatabase } from '../../launch/testing/test-database.ts';
import { startRealGateway } from './start-real-gateway.ts';

let auth: TestAuth;
let gateway: { readonly url: string; close(): Promise<void> };
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url, { REFRESH_COOKIE: 'on' });
  gateway = await startRealGateway(
    auth,
    '  - { path: /api/auth/*, service: auth, strip_prefix: /api, access: public }',
  );
});
after(async () => {
  await gateway.close();
  await auth.close();
});

async function post(path: string, cookie: string, body?: object) {
  const answer = await fetch(`${gateway.url}/api/auth/${path}`, {
    method: 'POST',
    headers: {
      'x-pi-csrf': '1',
      'sec-fetch-site': 'same-origin',
      ...(cookie === '' ? {} : { cookie }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const [set = ''] = answer.headers.getSetCookie();
  return { status: answer.status, text, set, cookie: set.split(';', 1)[0]! };
}

test('a page signs in, refreshes and signs out and never holds the refresh token', async () => {
  const login = await post('login', '', auth.admin);
  assert.match(login.set, /^__Host-pi_refresh=pir_.*; HttpOnly; SameSite=Strict$/);
  const refreshed = await post('refresh', login.cookie);
  assert.equal(refreshed.status, 200);
  assert.notEqual(refreshed.cookie, login.cookie);
  for (const { text } of [login, refreshed]) assert.ok(!text.includes('pir_'));
  const logout = await post('logout', refreshed.cookie);
  assert.deepEqual([logout.status, logout.cookie], [204, '__Host-pi_refresh=']);
  assert.equal((await post('refresh', refreshed.cookie)).status, 401);
});
