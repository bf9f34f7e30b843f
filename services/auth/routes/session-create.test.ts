import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { type Answer, startTestAuth, type TestAuth, testPassword } from '../testing/start-test-auth.ts';

let auth: TestAuth;
const limits = {
  RATE_LIMIT_LOGIN_PER_IP: '40/3600',
  RATE_LIMIT_LOGIN_PER_ACCOUNT: '4/3600',
  RATE_LIMIT_REGISTER_PER_IP: '500/3600',
  LOGIN_FAILURES_MAX: '10',
};
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url, limits);
});
after(() => auth.close());

/** Through the gateway, so that a test has as many clients as it wants. */
const login = (email: string, password: unknown, ip: string) =>
  auth.call('POST', '/auth/login', {
    body: { email, password },
    headers: { 'x-pi-gateway': auth.deps.secrets.forwardProof, 'x-forwarded-for': ip },
  });
const admin = async () => (await auth.login(auth.admin.email)).access_token;

const remaining = (answer: Answer, name: string): number =>
  Number(new RegExp(`"${name}";r=(\\d+)`).exec(answer.headers.get('ratelimit') ?? '')?.[1]);

describe('limits', () => {
  test('failures of an account count by network, a success resets them, another network is not held back', async () => {
    const { email } = await auth.register();
    for (let left = 3; left >= 1; left--) {
      const wrong = await login(email, 'wrong', '10.0.0.1');
      assert.equal(wrong.status, 401);
      assert.equal(remaining(wrong, 'login-account'), left);
    }
    const right = await login(email, testPassword, '10.0.0.1');
    assert.equal(right.status, 200);
    assert.equal(remaining(right, 'login-account'), 4);
    for (let i = 0; i < 4; i++) await login(email, 'wrong', '10.0.0.1');
    const limited = await login(email, testPassword, '10.0.0.1');
    assert.equal(limited.status, 429);
    assert.equal(limited.body.code, 'rate_limited');
    assert.ok(Number(limited.headers.get('retry-after')) >= 1);
    assert.equal((await login(email, testPassword, '10.0.0.2')).status, 200);
  });

  test('known and unknown addresses are limited alike, in status, body and headers', async () => {
    const { email } = await auth.register();
    for (let i = 0; i < 6; i++) {
      const [known, unknown] = [
        await login(email, 'wrong', '10.0.1.1'),
        await login('ghost@example.com', 'wrong', '10.0.1.2'),
      ];
      assert.equal(known.status, i < 4 ? 401 : 429);
      const shape = ({ status, headers, body }: Answer) => [
        status,
        { ...body, request_id: '' },
        headers.get('ratelimit')?.replaceAll(/t=\d+/g, ''),
        headers.get('ratelimit-policy'),
        [...headers.keys()].toSorted(),
      ];
      assert.deepEqual(shape(known), shape(unknown));
    }
  });

  test('attempts that are invalid or limited already do not count, all others count for the network', async () => {
    const { email } = await auth.register();
    const ip = '10.0.2.1';
    const first = await login(email, testPassword, ip);
    assert.equal(remaining(first, 'login-ip'), 39);
    for (const body of [{ email }, { email, password: 1 }, { email: 'x', password: 'x' }]) {
      const answer = await auth.call('POST', '/auth/login', {
        body,
        headers: { 'x-pi-gateway': auth.deps.secrets.forwardProof, 'x-forwarded-for': ip },
      });
      assert.equal(answer.status, 422);
    }
    for (let i = 0; i < 8; i++) await login(email, 'wrong', ip);
    assert.equal(remaining(await login('else@example.com', 'x', ip), 'login-ip'), 34);
  });

  test('one guess against each of many accounts empties the bucket of the network, IPv6 by its /64', async () => {
    const statuses = [];
    for (let i = 0; i < 42; i++) {
      statuses.push((await login(`victim${i}@example.com`, 'guess', `2001:db8::${i + 1}`)).status);
    }
    assert.deepEqual(
      statuses.slice(0, 40),
      Array.from({ length: 40 }, () => 401),
    );
    assert.deepEqual(statuses.slice(40), [429, 429]);
  });

  test('forged forwarding headers of a client change nothing', async () => {
    const before = await auth.call('POST', '/auth/login', {
      body: { email: 'f@example.com', password: 'x' },
    });
    const after = await auth.call('POST', '/auth/login', {
      body: { email: 'f@example.com', password: 'x' },
      headers: {
        'x-forwarded-for': '9.9.9.9',
        forwarded: 'for=9.9.9.9',
        'x-real-ip': '9.9.9.9',
        'x-pi-gateway': 'x',
      },
    });
    assert.equal(remaining(after, 'login-ip'), remaining(before, 'login-ip') - 1);
  });

  test('parallel guesses at one account evaluate no more than the limit and the permits to hash', async () => {
    const { email } = await auth.register();
    const answers = await Promise.all(Array.from({ length: 30 }, () => login(email, 'guess', '10.0.3.1')));
    const evaluated = answers.filter(({ status }) => status === 401).length;
    assert.ok(evaluated >= 4 && evaluated <= 4 + 2, `${evaluated} evaluated`);
  });

  test('after too many failures in a row only known networks may try, until an admin lifts it', async () => {
    const { id, email } = await auth.register();
    assert.equal((await login(email, testPassword, '10.0.4.1')).status, 200);
    for (let i = 0; i < 10; i++) await login(email, 'wrong', `10.0.5.${i}`);
    const stranger = await login(email, testPassword, '10.0.6.1');
    assert.equal(stranger.status, 429);
    assert.ok(Number(stranger.headers.get('retry-after')) > 0);
    const ghost = 'ghost2@example.com';
    for (let i = 0; i < 10; i++) await login(ghost, 'wrong', `10.0.5.${i + 20}`);
    assert.equal((await login(ghost, testPassword, '10.0.6.1')).status, 429);
    const lift = await auth.call('PATCH', `/admin/users/${id}`, {
      token: await admin(),
      body: { disabled: false },
    });
    assert.equal(lift.status, 200);
    assert.equal((await login(email, testPassword, '10.0.6.1')).status, 200);
    for (let i = 0; i < 10; i++) await login(email, 'wrong', `10.0.7.${i}`);
    assert.equal((await login(email, testPassword, '10.0.4.1')).status, 200);
    assert.equal((await login(email, testPassword, '10.0.6.2')).status, 429, 'the owner lifts no lock');
  });

  test('a success before the lock begins the row of failures anew', async () => {
    const { email } = await auth.register();
    for (let i = 0; i < 9; i++) await login(email, 'wrong', `10.0.11.${i}`);
    assert.equal((await login(email, testPassword, '10.0.12.1')).status, 200);
    for (let i = 0; i < 9; i++) await login(email, 'wrong', `10.0.13.${i}`);
    assert.equal((await login(email, testPassword, '10.0.14.1')).status, 200);
  });

  test("each of a person's limited attempts leaves its event, a flood of them is counted", async () => {
    const { email } = await auth.register();
    for (let i = 0; i < 4; i++) await login(email, 'wrong', '10.0.15.1');
    const ids = [];
    for (let i = 0; i < 25; i++)
      ids.push((await login(email, 'wrong', '10.0.15.1')).headers.get('x-request-id'));
    const path = '/admin/audit?event=login.rate_limited&ip=10.0.15.1';
    const { items } = (await auth.call('GET', path, { token: await admin() })).body;
    const told = (items as { request_id: string }[]).map((event) => event.request_id);
    assert.deepEqual(told.toReversed(), ids.slice(0, 20));
  });
});

test('each outcome leaves its event, and what was typed stands in none', async () => {
  const { id, email } = await auth.register();
  await login(email, 'wrong-pass-1', '10.0.8.1');
  await login('my-secret-typed@as.email', 'wrong-pass-1', '10.0.8.1');
  const { headers } = await login(email, testPassword, '10.0.8.1');
  const token = await admin();
  const audit = async (query: string) =>
    (await auth.call('GET', `/admin/audit?ip=10.0.8.1&${query}`, { token })).body.items as Record<
      string,
      unknown
    >[];
  const [unknown, known] = await audit('event=login.failed');
  assert.deepEqual([unknown?.actor_id, unknown?.target_id], [null, null]);
  assert.deepEqual([known?.actor_id, known?.target_id], [null, id]);
  const [success] = await audit('event=login.succeeded');
  assert.equal(success?.actor_id, id);
  assert.equal(success?.request_id, headers.get('x-request-id'));
  const all = JSON.stringify(await audit('limit=200'));
  for (const secret of ['wrong-pass-1', 'my-secret-typed', testPassword]) assert.ok(!all.includes(secret));
});

test('a password is never truncated or held to the rules for new ones, only to its size', async () => {
  const { email } = await auth.register();
  assert.equal((await login(email, 'x', '10.0.9.1')).status, 401);
  assert.equal((await login(email, '', '10.0.9.1')).status, 401);
  assert.equal((await login(email, 'é'.repeat(512), '10.0.9.1')).status, 401);
  assert.equal((await login(email, 'é'.repeat(513), '10.0.9.1')).status, 422);
  assert.equal((await login(` ${email.toUpperCase()}\t`, testPassword, '10.0.9.1')).status, 200);
});

test('a hash of other parameters is made anew once at the next login', async () => {
  const { email } = await auth.register();
  const hashOf = async () => {
    const [row] = await auth.deps.db.query<{ hash: string }>({
      name: 'test-hash',
      text: 'select password_hash as hash from users where email = $1',
      values: [email],
    });
    return row!.hash;
  };
  const old = '$argon2id$v=19$m=7168,t=5,p=1$';
  const { hash } = await import('@node-rs/argon2');
  await auth.deps.db.query({
    name: 'test-old-hash',
    text: 'update users set password_hash = $2 where email = $1',
    values: [email, await hash(testPassword, { memoryCost: 7168, timeCost: 5, parallelism: 1 })],
  });
  assert.ok((await hashOf()).startsWith(old));
  await login(email, testPassword, '10.0.10.1');
  const renewed = await hashOf();
  assert.ok(renewed.startsWith('$argon2id$v=19$m=19456,t=2,p=1$'));
  await login(email, testPassword, '10.0.10.1');
  assert.equal(await hashOf(), renewed);
});
