// What a refused login tells of the address: nothing. Kinds of accounts are compared in all that a client can see but
// the time, of which bench/login-timing.ts tells.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bcrypt } from '@pi-gateway/auth/crypto/foreign/bcrypt.ts';
import { insertUsers } from '@pi-gateway/auth/store/users-in-bulk.ts';
import { type Answer, startTestAuth, type TestAuth } from '@pi-gateway/auth/testing/start-test-auth.ts';
import { createTestDatabase } from '../../launch/testing/test-database.ts';

let auth: TestAuth;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url, {
    RATE_LIMIT_LOGIN_PER_IP: '1000/86400',
    RATE_LIMIT_LOGIN_PER_ACCOUNT: '3/86400',
    LOGIN_FAILURES_MAX: '6',
  });
});
after(() => auth.close());

/** As the gateway would hand it on, from a network of its own each. */
function login(email: string, ip: string): Promise<Answer> {
  const headers = { 'x-pi-gateway': auth.deps.secrets.forwardProof, 'x-forwarded-for': ip };
  return auth.call('POST', '/auth/login', { body: { email, password: 'a wrong password' }, headers });
}

/** All that is seen, without what is new in every answer, and how long it is until a bucket is full. */
function shapeOf({ status, headers, body }: Answer): unknown {
  const seen = [...headers]
    .filter(([name]) => !['date', 'x-request-id'].includes(name))
    .map(([name, value]) => [name, value.replaceAll(/t=\d+/g, 't')]);
  return { status, headers: seen, body: { ...body, request_id: '' } };
}

async function makeAccounts(): Promise<Record<string, string>> {
  const wrong = await auth.register('wrong@example.com');
  const disabled = await auth.register('disabled@example.com');
  const { access_token: token } = await auth.login(auth.admin.email);
  await auth.call('PATCH', `/admin/users/${disabled.id}`, { token, body: { disabled: true } });
  const imported = 'imported@example.com';
  const passwordHash = bcrypt.makeDecoy('$2b$04');
  const user = { email: imported, passwordHash, role: 'user' as const, isDisabled: false };
  const unset = { id: undefined, createdAt: undefined, lastLoginAt: undefined };
  await insertUsers(auth.deps.db, [{ ...user, ...unset }]);
  return { unknown: 'unknown@example.com', wrong: wrong.email, disabled: disabled.email, imported };
}

test('unknown, wrong, disabled and imported answer alike: failing, limited and locked, headers of the limits included', async () => {
  const accounts = await makeAccounts();
  const seen = new Map<string, unknown[]>();
  for (const [index, [kind, email]] of Object.entries(accounts).entries()) {
    const answers: unknown[] = [];
    // Three failures and a limit from one network, three from another, and then from a third all is locked.
    for (const network of [1, 2, 3]) {
      for (let i = 0; i < 4; i++) answers.push(shapeOf(await login(email, `10.${index}.0.${network}`)));
    }
    seen.set(kind, answers);
  }
  const unknown = seen.get('unknown')!;
  const statuses = unknown.map((answer) => (answer as Answer).status);
  assert.deepEqual(statuses, [401, 401, 401, 429, 401, 401, 401, 429, 429, 429, 429, 429]);
  for (const [kind, answers] of seen) assert.deepEqual(answers, unknown, kind);
});
