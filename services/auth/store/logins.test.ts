import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';
import { findCredentials } from './credentials.ts';
import { isKnownNetwork } from './known-networks.ts';
import { type NewLogin, saveLogin } from './logins.ts';

let auth: TestAuth;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url);
});
after(() => auth.close());

const origin = { ip: '192.0.2.1', userAgent: 'curl', requestId: 'a-request' };

async function newLogin(email: string, change: Partial<NewLogin> = {}): Promise<NewLogin> {
  const { credentials } = await findCredentials(auth.deps.db, email);
  return {
    userId: credentials!.id,
    verifiedHash: credentials!.passwordHash,
    newHash: undefined,
    nonceHash: randomBytes(32),
    idleTtlSeconds: 100,
    maxTtlSeconds: 1000,
    network: '192.0.2.1',
    origin,
    ...change,
  };
}
const count = async (table: 'sessions' | 'known_networks', userId: string): Promise<number> => {
  const [row] = await auth.deps.db.query<{ n: number }>({
    name: `test-count-${table}`,
    text: `select count(*) as n from ${table} where user_id = $1`,
    values: [userId],
  });
  return row!.n;
};
async function events(id: string) {
  const { access_token: token } = await auth.login(auth.admin.email);
  const { body } = await auth.call('GET', `/admin/audit?event=login.succeeded&actor_id=${id}`, { token });
  return body.items as Record<string, unknown>[];
}

test('session, network, time of the login and event stand together', async () => {
  const { id, email } = await auth.register();
  const saved = await saveLogin(auth.deps.db, await newLogin(email));
  assert.equal(saved?.user.id, id);
  assert.equal(saved.user.lastLoginAt, saved.at);
  assert.equal(saved.endsAt, saved.at + 100_000_000);
  const [event, ...more] = await events(id);
  assert.equal(more.length, 0);
  assert.deepEqual(
    [event?.actor_id, event?.target_id, event?.session_id, event?.ip, event?.user_agent, event?.request_id],
    [id, id, saved.sessionId, '192.0.2.1', 'curl', 'a-request'],
  );
  assert.ok(await isKnownNetwork(auth.deps.db, email, '192.0.2.1'));
  const short = await saveLogin(auth.deps.db, await newLogin(email, { idleTtlSeconds: 5000 }));
  assert.equal(short?.endsAt, short!.at + 1_000_000_000);
});

test('nothing stands when the hash that was verified is no longer the account’s, or the account is disabled', async () => {
  const { id, email } = await auth.register();
  const other = await newLogin(email, { verifiedHash: 'another' });
  assert.equal(await saveLogin(auth.deps.db, other), undefined);
  const login = await newLogin(email);
  const { access_token: token } = await auth.login(auth.admin.email);
  await auth.call('PATCH', `/admin/users/${id}`, { token, body: { disabled: true } });
  assert.equal(await saveLogin(auth.deps.db, login), undefined);
  assert.deepEqual([await count('sessions', id), await count('known_networks', id)], [0, 0]);
  assert.deepEqual(await events(id), []);
});

test('a login that waited while the password became another changes nothing', async () => {
  const { id, email } = await auth.register();
  const login = await newLogin(email);
  const changed = await newLogin(email, { newHash: `${login.verifiedHash}x` });
  const waiting = await auth.deps.db.transaction(async (tx) => {
    await saveLogin(tx, changed);
    // It can only go on when this transaction has ended.
    return { late: saveLogin(auth.deps.db, login) };
  });
  assert.equal(await waiting.late, undefined);
  assert.equal(await count('sessions', id), 1);
  assert.equal((await findCredentials(auth.deps.db, email)).credentials?.passwordHash, changed.newHash);
});

test('logins of one account at once all stand, each after the one before', async () => {
  const { id, email } = await auth.register();
  const login = await newLogin(email);
  const saved = await Promise.all(
    Array.from({ length: 20 }, () => saveLogin(auth.deps.db, { ...login, nonceHash: randomBytes(32) })),
  );
  assert.equal(new Set(saved.map((one) => one?.sessionId)).size, 20);
  assert.equal(await count('sessions', id), 20);
  assert.equal((await events(id)).length, 20);
});

test('of the networks of an account the fifty used last are known', async () => {
  const { id, email } = await auth.register();
  for (let i = 0; i < 60; i++) {
    await saveLogin(auth.deps.db, await newLogin(email, { network: `198.51.100.${i}` }));
  }
  assert.equal(await count('known_networks', id), 50);
  assert.equal(await isKnownNetwork(auth.deps.db, email, '198.51.100.9'), false);
  assert.equal(await isKnownNetwork(auth.deps.db, email, '198.51.100.10'), true);
});
