// A signing key that somebody else may have: withdrawn by an operator, followed by every process there is,
// here two auth processes and two gateways without Redis, which can only ask.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { revokeSigningKey } from '@pi-gateway/auth/keys/change-signing-keys.ts';
import { startTestAuth, type TestAuth } from '@pi-gateway/auth/testing/start-test-auth.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { createTestDatabase } from '../../launch/testing/test-database.ts';
import { startRealGateway } from './start-real-gateway.ts';

const masterKey = randomBytes(32);
const publicUrl = 'https://login.example.com';
const routes = '  - { path: /api/*, service: auth, strip_prefix: /api }';
let auths: TestAuth[];
let gateways: Awaited<ReturnType<typeof startRealGateway>>[];

before(async () => {
  const { url } = await createTestDatabase();
  const env = { MASTER_KEY: masterKey.toString('hex'), PUBLIC_URL: publicUrl };
  auths = [await startTestAuth(url, env), await startTestAuth(url, env)];
  gateways = await Promise.all(auths.map((auth) => startRealGateway(auth, routes)));
});
after(async () => {
  await Promise.all(gateways.map((gateway) => gateway.close()));
  await Promise.all(auths.map((auth) => auth.close()));
});

test('a withdrawn key is followed by every process, as is its successor, and none goes back', async () => {
  const origins = [
    ...auths.map(({ url }) => `${url}/auth/me`),
    ...gateways.map(({ url }) => `${url}/api/auth/me`),
  ];
  const login = async () => (await auths[0]!.login(auths[0]!.admin.email)).access_token;
  const ask = (token: string) =>
    Promise.all(
      origins.map(
        async (url) => (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status,
      ),
    );
  const before = await login();
  assert.deepEqual(await ask(before), [200, 200, 200, 200]);
  const { kid } = JSON.parse(Buffer.from(before.split('.')[0]!, 'base64url').toString()) as { kid: string };
  const sealKey = deriveSecret(masterKey, 'signing-key-encryption/v1');
  const revoked = await revokeSigningKey(auths[0]!.deps.db, sealKey, kid);
  assert.ok(revoked?.replacedBy !== undefined);
  // Within a second, as tests/proofs/key-withdrawal.ts measures.
  const deadline = performance.now() + 60_000;
  const isFollowed = async () =>
    [...(await ask(before)), ...(await ask(await login()))].join() === '401,401,401,401,200,200,200,200';
  while (!(await isFollowed())) {
    assert.ok(performance.now() < deadline, 'not followed');
    await delay(20);
  }
  const after = await login();
  for (let round = 0; round < 20; round++) {
    assert.deepEqual(await ask(before), [401, 401, 401, 401]);
    assert.deepEqual(await ask(after), [200, 200, 200, 200]);
  }
});
