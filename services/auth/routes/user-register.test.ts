import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { startTestAuth, type TestAuth, testPassword } from '../testing/start-test-auth.ts';

let auth: TestAuth;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url);
});
after(() => auth.close());

const register = (body: unknown, by = auth) => by.call('POST', '/auth/register', { body });

test('50 parallel registrations of one address: one 201, one row, one event, else 409', async () => {
  const spellings = ['Race@Example.com', ' race@example.com', 'RACE@EXAMPLE.COM'];
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => register({ email: spellings[i % 3], password: testPassword })),
  );
  const statuses = answers.map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 201).length, 1);
  assert.equal(statuses.filter((status) => status === 409).length, 49);
  const [row] = await auth.deps.db.query<{ users: number; events: number }>({
    name: 'test-race',
    text: `select count(*) as users, (select count(*) from audit_events
      where event = 'user.registered' and target_id = any(array_agg(users.id))) as events
      from users where email = 'race@example.com'`,
    values: [],
  });
  assert.deepEqual(row, { users: 1, events: 1 });
});

test('nothing but e-mail and password is taken: the role is user', async () => {
  for (const extra of ['role', 'id', 'email_verified', '__proto__', 'constructor']) {
    const body = `{"email":"mass@example.com","password":"${testPassword}","${extra}":{"role":"admin"}}`;
    const answer = await register(body);
    assert.equal(answer.status, 422, extra);
    assert.deepEqual(answer.body.errors, [{ pointer: `/${extra}`, detail: 'is not known here' }]);
  }
  assert.equal((await auth.call('POST', '/auth/register?role=admin', { body: {} })).status, 422);
  const plain = await register({ email: 'mass@example.com', password: testPassword });
  assert.equal(plain.body.role, 'user');
});

test('a refused password or address is a 422 that says why and where', async () => {
  const reasons = async (email: string, password: string) =>
    ((await register({ email, password })).body.errors as { pointer: string; detail: string }[]).map(
      ({ pointer, detail }) => `${pointer} ${detail}`,
    );
  assert.deepEqual(await reasons('a@example.com', 'short'), ['/password must have at least 12 characters']);
  assert.deepEqual(await reasons('a@example.com', 'qwerty123456'), [
    '/password is on a list of common or leaked passwords',
  ]);
  assert.deepEqual(await reasons('jane.doe@example.com', 'jane.doe-2026'), [
    '/password is made of the e-mail address',
  ]);
  assert.deepEqual(await reasons('a@example.com', 'PI-Gateway-2026'), [
    '/password is made of the name of this service',
  ]);
  assert.equal((await reasons('no', 'short')).length, 2);
  assert.equal((await register({ email: 'b@example.com', password: 'é'.repeat(513) })).status, 422);
  assert.equal(
    (await register({ email: 'b@example.com', password: '😀'.repeat(12) })).status,
    422,
    'one sign only',
  );
  assert.equal((await register({ email: 'b@example.com', password: '😀🐢🦊🐸'.repeat(3) })).status, 201);
});

test('one password in two Unicode forms is one password', async () => {
  const [composed, decomposed] = ['pässwörd-grün-7', 'pässwörd-grün-7'.normalize('NFD')];
  await register({ email: 'unicode@example.com', password: decomposed });
  await auth.login('unicode@example.com', composed);
});

test('closed mode makes no account', async () => {
  const closed = await startTestAuth((await createTestDatabase()).url, { REGISTRATION: 'closed' });
  try {
    const answer = await register({ email: 'c@example.com', password: testPassword }, closed);
    assert.deepEqual([answer.status, answer.body.code], [403, 'registration_closed']);
  } finally {
    await closed.close();
  }
});

test('registrations of a network are limited, refused ones that are well-formed included', async () => {
  const limited = await startTestAuth((await createTestDatabase()).url, {
    RATE_LIMIT_REGISTER_PER_IP: '3/3600',
  });
  try {
    const body = { email: 'one@example.com', password: testPassword };
    const statuses = [];
    for (const each of [body, body, { ...body, password: 'short' }, body, body]) {
      statuses.push((await register(each, limited)).status);
    }
    assert.deepEqual(statuses, [201, 409, 422, 409, 429]);
    const last = await register(body, limited);
    assert.match(last.headers.get('ratelimit') ?? '', /^"register-ip";r=0;t=\d+$/);
    assert.equal(last.headers.get('ratelimit-policy'), '"register-ip";q=3;w=3600');
  } finally {
    await limited.close();
  }
});
