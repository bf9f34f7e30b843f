// Registration under attack, over two processes: one address many times at once, and everything a client could write to
// become more than a user.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Answer, type Call, send } from '../proofs/http-client.ts';
import { readClaims } from '../proofs/read-claims.ts';
import { type System, startSystem, userPassword } from '../proofs/start-system.ts';
import { openSuperuser } from '../proofs/superuser.ts';

let system: System;
before(async () => {
  system = await startSystem({ auths: 2, gateways: 0, workers: 0, redis: true });
});
after(() => system.close());

function register(at: number, body: unknown, more: Partial<Call> = {}): Promise<Answer> {
  const { target } = system.auths[at % system.auths.length]!;
  return send(target, { method: 'POST', path: '/auth/register', body, ...more });
}

test('50 parallel registrations of one address over two processes make one account with one event', async () => {
  const spellings = ['Race@Example.com', ' race@example.com', 'RACE@EXAMPLE.COM'];
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => register(i, { email: spellings[i % 3], password: userPassword })),
  );
  const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
  assert.deepEqual(statuses, [201, ...Array.from({ length: 49 }, () => 409)]);
  const superuser = await openSuperuser(system.database.superuserUrl);
  const rows = await superuser.rows(`select id from users where email = 'race@example.com'`);
  assert.equal(rows.length, 1);
  assert.equal(await superuser.countEvents('user.registered', String(rows[0]?.['id'])), 1);
  await superuser.close();
});

test('no field, query key or header makes a new account anything but a user, in the database and in its token', async () => {
  const account = { email: 'mass@example.com', password: userPassword };
  const fields = {
    role: 'admin',
    roles: ['admin'],
    id: '00000000-0000-7000-8000-000000000001',
    email_verified: true,
    is_admin: true,
    disabled: false,
    created_at: '2000-01-01T00:00:00Z',
    constructor: { prototype: { role: 'admin' } },
  };
  for (const [name, value] of Object.entries(fields)) {
    assert.equal((await register(0, { ...account, [name]: value })).status, 422, name);
    const path = `/auth/register?${name}=admin`;
    assert.equal((await register(0, account, { path })).status, 422, `?${name}`);
  }
  const headers = {
    'x-user-id': '00000000-0000-7000-8000-000000000001',
    'x-user-roles': 'admin',
    'x-role': 'admin',
    'x-pi-gateway': 'guessed',
    'x-pi-call': 'guessed',
  };
  const made = await register(0, account, { headers });
  assert.deepEqual([made.status, made.body['role']], [201, 'user']);
  const { access_token: token } = await system.login(account.email);
  assert.deepEqual(readClaims(token).roles, ['user']);
  const superuser = await openSuperuser(system.database.superuserUrl);
  const rows = await superuser.rows(`select id, role from users where email = 'mass@example.com'`);
  await superuser.close();
  assert.deepEqual(rows, [{ id: made.body['id'], role: 'user' }]);
  const [first] = system.auths;
  const asAdmin = await send(first!.target, { path: '/admin/users', token, headers });
  assert.equal(asAdmin.status, 403);
});
