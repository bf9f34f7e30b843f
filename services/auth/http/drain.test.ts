import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { startTestAuth } from '../testing/start-test-auth.ts';

test('while balancers learn of it by /readyz, requests are still served', async () => {
  const auth = await startTestAuth((await createTestDatabase()).url, { SHUTDOWN_DELAY_MS: '1500' });
  assert.equal((await auth.call('GET', '/readyz')).status, 200);
  const closing = auth.close();
  const headers = { connection: 'close' };
  const refused = await auth.call('GET', '/readyz', { headers });
  assert.deepEqual([refused.status, refused.body.code], [503, 'unavailable']);
  assert.equal((await auth.call('GET', '/health', { headers })).status, 200);
  const body = { email: auth.admin.email, password: auth.admin.password };
  assert.equal((await auth.call('POST', '/auth/login', { body, headers })).status, 200);
  await closing;
  await assert.rejects(auth.call('GET', '/readyz'));
});
