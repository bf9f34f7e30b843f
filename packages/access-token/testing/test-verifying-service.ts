// What every service that verifies our tokens itself must do, as one set of tests: the examples run it, whichever
// framework they show.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createTokenVerifier, type TokenVerifier } from '../create-token-verifier.ts';
import { signRefusedTokens } from './refused-tokens.ts';
import { startTestIssuer } from './test-issuer.ts';

type Running = { readonly url: string; readonly close: () => unknown };

/** Declares the tests. The service has `/health`, `/whoami` and, for admins, `/reports`. */
export async function testVerifyingService(
  start: (tokens: TokenVerifier) => Promise<Running>,
): Promise<void> {
  const auth = await startTestIssuer();
  const refusedTokens = await signRefusedTokens(auth.issuer, auth.keys[0]!);
  const tokens = createTokenVerifier({ issuer: auth.issuer });
  const { url, close } = await start(tokens);

  after(async () => {
    await close();
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
}
