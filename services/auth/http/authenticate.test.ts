import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { signRefusedTokens } from '@pi-gateway/access-token/testing/refused-tokens.ts';
import { signTestToken, type TestKey } from '@pi-gateway/access-token/testing/test-issuer.ts';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';

let auth: TestAuth;
/** The very key that auth signs with. */
let key: TestKey;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url);
  const { kid, privateKey } = auth.deps.keyRing.signerAt(Date.now() * 1000);
  key = { kid, privateKey, jwk: createPublicKey(privateKey).export({ format: 'jwk' }) };
});
after(() => auth.close());

const me = (token: string) => auth.call('GET', '/auth/me', { token });

async function assertInvalid(token: string, what: string): Promise<void> {
  const { status, body, headers } = await me(token);
  assert.deepEqual([status, body.code], [401, 'invalid_token'], what);
  assert.equal(headers.get('www-authenticate'), 'Bearer error="invalid_token"', what);
}

describe('401', () => {
  test('whatever is wrong with a token, auth refuses it as the gateway does', async () => {
    const tokens = await signRefusedTokens(auth.config.publicUrl, key);
    for (const [what, token] of Object.entries(tokens)) await assertInvalid(token, what);
  });

  test('a token whose user or session does not exist, though our own key signed it', async () => {
    await assertInvalid(await signTestToken(auth.config.publicUrl, key), 'neither');
    const { id, email } = await auth.register();
    await auth.login(email);
    await assertInvalid(await signTestToken(auth.config.publicUrl, key, { sub: id }), 'no such session');
  });

  test('a refresh token as an access token; an access token refreshes nothing', async () => {
    const { email } = await auth.register();
    const { access_token, refresh_token } = await auth.login(email);
    await assertInvalid(refresh_token, 'refresh token');
    const answer = await auth.call('POST', '/auth/refresh', { body: { refresh_token: access_token } });
    assert.deepEqual([answer.status, answer.body.code], [401, 'invalid_refresh_token']);
    assert.equal((await me(access_token)).status, 200);
  });
});
