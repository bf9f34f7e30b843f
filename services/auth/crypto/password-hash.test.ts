import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hash as bcryptHash } from '@node-rs/bcrypt';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { startTestAuth, type TestAuth, testPassword } from '../testing/start-test-auth.ts';

let auth: TestAuth;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url);
});
after(() => auth.close());

async function replaceHash(email: string, passwordHash: string): Promise<void> {
  await auth.deps.db.query({
    name: 'test-replace-hash',
    text: 'update users set password_hash = $2 where email = $1',
    values: [email, passwordHash],
  });
}
async function hashOf(email: string): Promise<string> {
  const [row] = await auth.deps.db.query<{ hash: string }>({
    name: 'test-hash-of',
    text: 'select password_hash as hash from users where email = $1',
    values: [email],
  });
  return row!.hash;
}
const login = (email: string, password: string) =>
  auth.call('POST', '/auth/login', { body: { email, password } });

test('a foreign hash lets its owner in once and is argon2id of today from then on', async () => {
  const { email } = await auth.register();
  await replaceHash(email, await bcryptHash(testPassword, { cost: 4 }));
  assert.equal((await login(email, 'wrong')).status, 401);
  assert.match(await hashOf(email), /^\$2b\$04\$/);
  assert.equal((await login(email, testPassword)).status, 200);
  assert.match(await hashOf(email), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.equal((await login(email, testPassword)).status, 200);
});

test('parallel first logins all succeed, though one of them makes the hash anew', async () => {
  const { email } = await auth.register();
  await replaceHash(email, await bcryptHash(testPassword, { cost: 4 }));
  const answers = await Promise.all(Array.from({ length: 8 }, () => login(email, testPassword)));
  assert.deepEqual(
    answers.map(({ status }) => status),
    Array.from({ length: 8 }, () => 200),
  );
});

test('what another system hashed is what was typed, not its normal form', async () => {
  const { email } = await auth.register();
  const typed = 'ﬁve purple ladders';
  assert.notEqual(typed, typed.normalize('NFKC'));
  await replaceHash(email, await bcryptHash(typed, { cost: 4 }));
  assert.equal((await login(email, typed)).status, 200);
  assert.equal((await login(email, typed.normalize('NFKC'))).status, 200);
});

test('every attempt verifies one hash of every class that any account has, in the same order', async () => {
  const { email } = await auth.register();
  await replaceHash(email, await bcryptHash(testPassword, { cost: 4 }));
  const { findCredentials } = await import('../store/credentials.ts');
  const known = await findCredentials(auth.deps.db, email);
  const unknown = await findCredentials(auth.deps.db, 'ghost@example.com');
  assert.equal(unknown.credentials, undefined);
  assert.equal(known.credentials?.passwordClass, '$2b$04');
  assert.deepEqual(known.passwordClasses, unknown.passwordClasses);
  assert.deepEqual(known.passwordClasses, ['$2b$04', '$argon2id$v=19$m=19456,t=2,p=1']);
});

test('a hash that no version here can verify locks nobody else out', async () => {
  const [other, { email }] = [await auth.register(), await auth.register()];
  await replaceHash(other.email, '$future$x=1$c2FsdA$aGFzaA');
  assert.equal((await login(email, testPassword)).status, 200);
  assert.equal((await login(other.email, testPassword)).status, 401);
});
