// An event commits with the change it tells of, and neither without the other: the database is made to refuse events
// by name, each change is tried, and not one row of any table may be another afterwards.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { AuditEventName } from '@pi-gateway/auth/audit/audit-event.ts';
import { revokeSigningKey, rotateSigningKey } from '@pi-gateway/auth/keys/change-signing-keys.ts';
import { listMails, mailFolderOf } from '@pi-gateway/auth/mail/mail-folder.ts';
import { startTestAuth, type TestAuth, testPassword } from '@pi-gateway/auth/testing/start-test-auth.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { runPi } from '../../cli/testing/run-pi.ts';
import { createTestDatabase, type TestDatabase } from '../../launch/testing/test-database.ts';
import { openSuperuser, type Superuser } from '../proofs/superuser.ts';

const masterKey = randomBytes(32);
const secret = randomBytes(16).toString('hex');
const basic = `Basic ${Buffer.from(`orders:${secret}`).toString('base64')}`;
let database: TestDatabase;
let auth: TestAuth;
let verified: TestAuth;
let superuser: Superuser;

before(async () => {
  database = await createTestDatabase();
  const env = { MASTER_KEY: masterKey.toString('hex'), SERVICE_CLIENTS: `orders:${secret}` };
  auth = await startTestAuth(database.url, env);
  verified = await startTestAuth(database.url, {
    ...env,
    REGISTRATION: 'verified',
    SESSIONS_PER_USER_MAX: '1',
  });
  superuser = await openSuperuser(database.superuserUrl);
  await superuser.rows(`create table broken (event text)`);
  await superuser.rows(`create function refuse_event() returns trigger language plpgsql security definer as $$
    begin
      if exists (select from broken where event = new.event) then raise 'this event cannot be written'; end if;
      return new;
    end $$`);
  await superuser.rows(
    'create trigger refuse_event before insert on audit_log for each row execute function refuse_event()',
  );
});
after(async () => {
  await superuser.close();
  await verified.close();
  await auth.close();
});

const tables = [
  'users',
  'sessions',
  'revocations',
  'known_networks',
  'pending_registrations',
  'signing_keys',
  'audit_log',
  'audit_personal',
];

async function readState(): Promise<Record<string, unknown>> {
  const state: Record<string, unknown> = {};
  for (const table of tables) {
    const [row] = await superuser.rows(
      `select count(*)::int as n, md5(string_agg(t::text, ' ' order by t::text)) as sum from ${table} as t`,
    );
    state[table] = row;
  }
  return state;
}

type Change = {
  readonly name: string;
  readonly event: AuditEventName;
  /** What has to be there; gives the change, to be tried twice. Its answer: whether it was made. */
  readonly prepare: () => Promise<() => Promise<boolean>>;
};

const ok = ({ status }: { readonly status: number }) => {
  assert.ok(status < 300 || status >= 500, String(status));
  return status < 300;
};

async function signedIn(by = auth) {
  const user = await auth.register();
  return { ...user, ...(await by.login(user.email)) };
}

async function changeByAdmin(id: string, body: unknown) {
  const { access_token: token } = await auth.login(auth.admin.email);
  return async () => ok(await auth.call('PATCH', `/admin/users/${id}`, { token, body }));
}

async function asked(email: string): Promise<string> {
  const body = { email, password: testPassword };
  assert.equal((await verified.call('POST', '/auth/register', { body })).status, 202);
  const [mail] = (await listMails(mailFolderOf(verified.config.dataDir), 1000)).filter(
    ({ to }) => to === email,
  );
  return /"token":"([\w-]{43})"/.exec(mail!.text)![1]!;
}

const newAddress = () => `${randomBytes(6).toString('hex')}@example.com`;
const sealKey = deriveSecret(masterKey, 'signing-key-encryption/v1');
const made = (work: Promise<unknown>) =>
  work.then(
    () => true,
    () => false,
  );
const pi = async (args: readonly string[], input = '') =>
  (await runPi(args, { env: { DATABASE_URL: database.url }, input })).code === 0;

const changes: readonly Change[] = [
  {
    name: 'a registration',
    event: 'user.registered',
    prepare: async () => {
      const body = { email: newAddress(), password: testPassword };
      return async () => ok(await auth.call('POST', '/auth/register', { body }));
    },
  },
  {
    name: 'a registration that waits for its mail',
    event: 'registration.requested',
    prepare: async () => {
      const body = { email: newAddress(), password: testPassword };
      const mails = async () => (await listMails(mailFolderOf(verified.config.dataDir), 1000)).length;
      const before = await mails();
      return async () => {
        const isMade = ok(await verified.call('POST', '/auth/register', { body }));
        assert.equal((await mails()) - before, isMade ? 1 : 0);
        return isMade;
      };
    },
  },
  {
    name: 'a confirmation',
    event: 'user.registered',
    prepare: async () => {
      const body = { token: await asked(newAddress()), password: testPassword };
      return async () => ok(await verified.call('POST', '/auth/register/confirm', { body }));
    },
  },
  {
    name: 'a login',
    event: 'login.succeeded',
    prepare: async () => {
      const body = { email: (await auth.register()).email, password: testPassword };
      return async () => ok(await auth.call('POST', '/auth/login', { body }));
    },
  },
  {
    name: 'a login that ends an older session',
    event: 'session.revoked',
    prepare: async () => {
      const { email } = await signedIn(verified);
      const body = { email, password: testPassword };
      return async () => ok(await verified.call('POST', '/auth/login', { body }));
    },
  },
  {
    name: 'a refresh',
    event: 'token.refreshed',
    prepare: async () => {
      const body = { refresh_token: (await signedIn()).refresh_token };
      return async () => ok(await auth.call('POST', '/auth/refresh', { body }));
    },
  },
  {
    name: 'the end of a session by a reused token',
    event: 'token.reuse_detected',
    prepare: async () => {
      const { access_token: token, refresh_token } = await signedIn();
      const body = { refresh_token };
      assert.equal((await auth.call('POST', '/auth/refresh', { body })).status, 200);
      await superuser.rows(`update sessions set rotated_at = rotated_at - interval '1 hour'`);
      return async () => {
        const { status } = await auth.call('POST', '/auth/refresh', { body });
        assert.equal((await auth.call('GET', '/auth/me', { token })).status, status === 401 ? 401 : 200);
        return status === 401;
      };
    },
  },
  {
    name: 'a logout',
    event: 'logout',
    prepare: async () => {
      const { access_token: token } = await signedIn();
      return async () => ok(await auth.call('POST', '/auth/logout', { token }));
    },
  },
  {
    name: 'the end of one session',
    event: 'session.revoked',
    prepare: async () => {
      const { access_token: token } = await signedIn();
      const [{ id }] = (await auth.call('GET', '/auth/sessions', { token })).body.items as [{ id: string }];
      return async () => ok(await auth.call('DELETE', `/auth/sessions/${id}`, { token }));
    },
  },
  {
    name: 'the end of all other sessions',
    event: 'session.revoked',
    prepare: async () => {
      const { email } = await signedIn();
      const { access_token: token } = await auth.login(email);
      return async () => ok(await auth.call('DELETE', '/auth/sessions', { token }));
    },
  },
  {
    name: 'a change of password',
    event: 'user.password_changed',
    prepare: async () => {
      const { access_token: token } = await signedIn();
      const body = { current_password: testPassword, new_password: 'another good password' };
      return async () => ok(await auth.call('POST', '/auth/password', { token, body }));
    },
  },
  {
    name: 'a change of role',
    event: 'user.role_changed',
    prepare: async () => changeByAdmin((await signedIn()).id, { role: 'admin' }),
  },
  {
    name: 'a disabling',
    event: 'user.disabled',
    prepare: async () => changeByAdmin((await signedIn()).id, { disabled: true }),
  },
  {
    name: 'an enabling',
    event: 'user.enabled',
    prepare: async () => {
      const { id } = await auth.register();
      assert.ok(await (await changeByAdmin(id, { disabled: true }))());
      return changeByAdmin(id, { disabled: false });
    },
  },
  {
    name: 'the end of all sessions by an admin',
    event: 'session.revoked',
    prepare: async () => {
      const { id } = await signedIn();
      const { access_token: token } = await auth.login(auth.admin.email);
      return async () => ok(await auth.call('DELETE', `/admin/users/${id}/sessions`, { token }));
    },
  },
  {
    name: 'the end of a session by a service',
    event: 'session.revoked',
    prepare: async () => {
      const { refresh_token } = await signedIn();
      return async () =>
        ok(
          await fetch(`${auth.url}/oauth/revoke`, {
            method: 'POST',
            headers: { authorization: basic, 'content-type': 'application/x-www-form-urlencoded' },
            body: new URLSearchParams({ token: refresh_token }).toString(),
          }),
        );
    },
  },
  {
    name: 'a new signing key',
    event: 'keys.rotated',
    prepare: async () => () => made(rotateSigningKey(auth.deps.db, sealKey)),
  },
  {
    name: 'the withdrawal of a signing key',
    event: 'keys.revoked',
    prepare: async () => {
      const [key] = await superuser.rows('select kid from signing_keys order by active_at desc limit 1');
      return () => made(revokeSigningKey(auth.deps.db, sealKey, String(key?.['kid'])));
    },
  },
  {
    name: 'pi user create',
    event: 'user.registered',
    prepare: async () => {
      const email = newAddress();
      return () => pi(['user', 'create', email]);
    },
  },
  {
    name: 'pi user import',
    event: 'user.imported',
    prepare: async () => {
      const [user] = await superuser.rows('select password_hash from users limit 1');
      const line = JSON.stringify({ email: newAddress(), password_hash: user?.['password_hash'] });
      return () => pi(['user', 'import', '-'], `${line}\n`);
    },
  },
  {
    name: 'pi user role',
    event: 'user.role_changed',
    prepare: async () => {
      const { id } = await auth.register();
      return () => pi(['user', 'role', id, 'admin']);
    },
  },
];

for (const { name, event, prepare } of changes) {
  test(`${name} whose event cannot be written is not made, and nothing else with it`, async () => {
    const change = await prepare();
    await auth.deps.refusals.flush();
    await verified.deps.refusals.flush();
    await superuser.rows('insert into broken values ($1)', [event]);
    const before = await readState();
    assert.equal(await change(), false);
    assert.deepEqual(await readState(), before);
    await superuser.rows('delete from broken');
    assert.equal(await change(), true);
    assert.notDeepEqual(await readState(), before);
  });
}

test('an admin gets nothing to read while his reading cannot be written down', async () => {
  const { access_token: token } = await auth.login(auth.admin.email);
  const { id } = await auth.register();
  for (const event of ['users.listed', 'user.read', 'audit.listed']) {
    await superuser.rows('insert into broken values ($1)', [event]);
  }
  for (const path of ['/admin/users', `/admin/users/${id}`, '/admin/audit']) {
    const { status, body } = await auth.call('GET', path, { token });
    assert.deepEqual([status, body.code, body.items, body.id], [500, 'internal', undefined, undefined], path);
  }
  await superuser.rows('delete from broken');
  assert.equal((await auth.call('GET', '/admin/users', { token })).status, 200);
});

test('the first admin is not made without his event', async (t) => {
  const fresh = await createTestDatabase();
  const first = await startTestAuth(fresh.url);
  await first.close();
  const owner = await openSuperuser(fresh.superuserUrl);
  t.after(() => owner.close());
  await owner.rows('delete from sessions');
  await owner.rows('delete from users');
  await owner.rows(
    `alter table audit_log add constraint broken check (event <> 'user.registered') not valid`,
  );
  await assert.rejects(startTestAuth(fresh.url));
  assert.deepEqual(await owner.rows('select id from users'), []);
});
