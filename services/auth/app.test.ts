import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTestDatabase } from '../../launch/testing/test-database.ts';
import { startTestAuth, type TestAuth, testPassword } from './testing/start-test-auth.ts';

let auth: TestAuth;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url);
});
after(() => auth.close());

test('a user registers, signs in, refreshes and signs out', async () => {
  const credentials = { email: 'user@example.com', password: testPassword };
  const registered = await auth.call('POST', '/auth/register', { body: credentials });
  assert.equal(registered.status, 201, JSON.stringify(registered.body));
  assert.deepEqual(Object.keys(registered.body), ['id', 'email', 'role', 'created_at']);
  const login = await auth.call('POST', '/auth/login', { body: credentials });
  assert.equal(login.status, 200, JSON.stringify(login.body));
  const token = String(login.body.access_token);
  const me = await auth.call('GET', '/auth/me', { token });
  assert.equal(me.status, 200, JSON.stringify(me.body));
  assert.equal(me.body.role, 'user');
  const refreshed = await auth.call('POST', '/auth/refresh', {
    body: { refresh_token: login.body.refresh_token },
  });
  assert.equal(refreshed.status, 200, JSON.stringify(refreshed.body));
  assert.equal(refreshed.headers.get('x-refresh-outcome'), 'rotated');
  const logout = await auth.call('POST', '/auth/logout', {
    body: { refresh_token: refreshed.body.refresh_token },
  });
  assert.equal(logout.status, 204);
  const dead = await auth.call('GET', '/auth/me', { token });
  assert.equal(dead.status, 401);
  assert.equal(dead.body.code, 'invalid_token');
});
