import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openAccountKey } from '@pi-gateway/auth/limits/account-key.ts';
import { createLimits } from '@pi-gateway/auth/limits/login-limits.ts';
import { openLimiter } from '@pi-gateway/limiter/open-limiter.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { createTestDatabase } from '../launch/testing/test-database.ts';
import { startTestRedis } from '../launch/testing/test-redis.ts';
import { runPi } from './testing/run-pi.ts';

const root = join(import.meta.dirname, '..');
let folder = '';
let databaseUrl = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pi-cli-'));
  databaseUrl = (await createTestDatabase()).url;
});
after(() => rm(folder, { recursive: true, force: true }));

const pi = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runPi(args, { env: { DATABASE_URL: databaseUrl, ...env }, cwd: folder });

async function piJson<T>(...args: string[]): Promise<T> {
  const { code, out, err } = await pi([...args, '--json']);
  assert.equal(code, 0, err);
  return JSON.parse(out) as T;
}

type User = { id: string; email: string; role: string; disabled: boolean; password?: string };
type Event = { event: string; actor_id: string | null; target_id: string | null; data: object };

/** Events of a name, newest first. */
async function newest(event: string): Promise<Event[]> {
  return (await piJson<{ items: Event[] }>('audit', 'list', '--event', event)).items;
}

describe('pi migrate', () => {
  test('brings an empty database up to date, once', async () => {
    const first = await piJson<{ migrations: string[] }>('migrate');
    assert.ok(first.migrations.length > 0);
    assert.deepEqual(await piJson('migrate'), { direction: 'up', migrations: [] });
  });

  test('takes one step back and forth again', async () => {
    const down = await piJson<{ migrations: string[] }>('migrate', 'down');
    assert.equal(down.migrations.length, 1);
    assert.deepEqual(await piJson('migrate', 'up'), { direction: 'up', migrations: down.migrations });
  });
});

describe('pi user', () => {
  test('creates an account with a password that is shown, and its event', async () => {
    const user = await piJson<User>('user', 'create', ' Ann@Example.COM ');
    assert.equal(user.email, 'ann@example.com');
    assert.equal(user.role, 'user');
    assert.ok((user.password?.length ?? 0) >= 24);
    const { items } = await piJson<{ items: Event[] }>('audit', 'list', '--target', user.id);
    assert.deepEqual(
      items.map(({ event, actor_id }) => [event, actor_id]),
      [['user.registered', null]],
    );
  });

  test('refuses a second account with the same address', async () => {
    const { code, err } = await pi(['user', 'create', 'ann@example.com']);
    assert.equal(code, 1);
    assert.match(err, /^pi: an account with ann@example\.com exists already\n$/);
  });

  test('lists accounts by role', async () => {
    await piJson('user', 'create', 'root@example.com', '--role', 'admin');
    const { items } = await piJson<{ items: User[] }>('user', 'list', '--role', 'admin');
    assert.deepEqual(
      items.map(({ email }) => email),
      ['root@example.com'],
    );
  });

  test('never takes the last admin away', async () => {
    for (const args of [
      ['user', 'role', 'root@example.com', 'user'],
      ['user', 'disable', 'root@example.com'],
    ]) {
      const { code, err } = await pi(args);
      assert.equal(code, 1);
      assert.match(err, /last enabled admin/);
    }
  });

  test('changes a role by address, disables and enables by id, each with its event', async () => {
    const ann = await piJson<User>('user', 'role', 'ann@example.com', 'admin');
    assert.equal(ann.role, 'admin');
    assert.equal((await piJson<User>('user', 'disable', ann.id)).disabled, true);
    assert.equal((await piJson<User>('user', 'enable', ann.id)).disabled, false);
    const { items } = await piJson<{ items: Event[] }>('audit', 'list', '--target', ann.id, '--limit', '3');
    assert.deepEqual(
      items.map(({ event }) => event),
      ['user.enabled', 'user.disabled', 'user.role_changed'],
    );
  });

  test('a change that changes nothing writes no event', async () => {
    const ann = await piJson<User>('user', 'enable', 'ann@example.com');
    const { items } = await piJson<{ items: Event[] }>('audit', 'list', '--target', ann.id);
    assert.equal(items.length, 4);
  });

  test('refuses an account that does not exist', async () => {
    const { code, err } = await pi(['user', 'disable', 'nobody@example.com']);
    assert.equal(code, 1);
    assert.match(err, /^pi: there is no account nobody@example\.com\n$/);
    const [event] = await newest('user.change_refused');
    assert.deepEqual(event?.data, { reason: 'not_found', wanted: { disabled: true }, via: 'pi' });
  });

  test('a look at one address is recorded by the name of the account, never by the address', async () => {
    const masterKey = randomBytes(32);
    const env = { MASTER_KEY: masterKey.toString('hex') };
    const nameOf = openAccountKey(masterKey);
    for (const address of ['ann@example.com', 'nobody@example.com']) {
      const listed = await pi(['user', 'list', '--email', address, '--json'], env);
      assert.equal(listed.code, 0, listed.err);
      const [found] = (JSON.parse(listed.out) as { items: User[] }).items;
      const [event] = await newest('users.listed');
      assert.deepEqual(event?.data, { via: 'pi', account: nameOf(address) });
      assert.equal(event.target_id, found?.id ?? null);
    }
    const { code } = await pi(['user', 'erase', 'nobody@example.com'], env);
    assert.equal(code, 1);
    const data = { reason: 'not_found', wanted: { erased: true }, account: nameOf('nobody@example.com') };
    assert.deepEqual((await newest('user.change_refused'))[0]?.data, { ...data, via: 'pi' });
  });

  test('without a master key a look at one address is recorded by the account that was found', async () => {
    const { items } = await piJson<{ items: User[] }>('user', 'list', '--email', 'root@example.com');
    const [event] = await newest('users.listed');
    assert.deepEqual([event?.target_id, event?.data], [items[0]?.id, { via: 'pi' }]);
  });

  test('enabling lifts the lock of too many failed logins that the services count in Redis', async () => {
    const redis = await startTestRedis();
    const masterKey = randomBytes(32);
    const log = createLog({ service: 'test', level: 'silent' });
    const limiter = await openLimiter({ redisUrl: redis.url, log, localShare: 1 });
    const limits = createLimits(
      limiter,
      {
        rateLimitLoginPerIp: 'off',
        rateLimitLoginPerAccount: 'off',
        rateLimitRegisterPerIp: 'off',
        rateLimitMailPerAddress: 'off',
        loginFailuresMax: 1,
      },
      masterKey,
    );
    const account = limits.accountKey('ann@example.com');
    const login = { account, network: '192.0.2.1', isKnownNetwork: () => Promise.resolve(false) };
    await limits.countFailure(login);
    assert.equal((await limits.admitLogin(login)).limited, true);
    const env = { REDIS_URL: redis.url, MASTER_KEY: masterKey.toString('hex') };
    const { code, err } = await pi(['user', 'enable', 'ann@example.com'], env);
    assert.equal(code, 0, err);
    assert.equal((await limits.admitLogin(login)).limited, false);
    assert.deepEqual((await newest('user.unlocked'))[0]?.data, { via: 'pi' });
    await limiter.close();
    await redis.stop();
  });
});

describe('pi keys', () => {
  const env = { MASTER_KEY: 'ab'.repeat(32) };
  type Rotated = { kid: string; is_new: boolean };
  type Listed = { items: { kid: string; state: string }[] };
  const kids = async () => (await piJson<Listed>('keys', 'list')).items.map(({ kid }) => kid);

  async function rotate(): Promise<Rotated> {
    const { code, out, err } = await pi(['keys', 'rotate', '--json'], env);
    assert.equal(code, 0, err);
    return JSON.parse(out) as Rotated;
  }

  test('rotate makes the first key, then the next one, and no third while that is on its way', async () => {
    const first = await rotate();
    const [second, same] = await Promise.all([rotate(), rotate()]);
    assert.equal(second.kid, same.kid);
    assert.notEqual(second.is_new, same.is_new);
    assert.deepEqual(await kids(), [first.kid, second.kid]);
  });

  test('revoke withdraws the key that signs, another signs at once, and both stand in the audit', async () => {
    const { items } = await piJson<Listed>('keys', 'list');
    const signing = items.find(({ state }) => state === 'signing')!.kid;
    const { code, out, err } = await pi(['keys', 'revoke', signing, '--json'], env);
    assert.equal(code, 0, err);
    const { replaced_by } = JSON.parse(out) as { replaced_by: string };
    const left = await kids();
    assert.deepEqual([left.includes(replaced_by), left.includes(signing)], [true, false]);
    const audit = await piJson<{ items: Event[] }>('audit', 'list', '--event', 'keys.revoked');
    assert.deepEqual(audit.items[0]?.data, { kid: signing, replaced_by, via: 'pi' });
  });

  test('an unknown key, another master key and none are refused, and nothing changes', async () => {
    const { items } = await piJson<Listed>('keys', 'list');
    const unknown = await pi(['keys', 'revoke', 'nothing'], env);
    assert.deepEqual([unknown.code, unknown.err], [1, 'pi: there is no key nothing\n']);
    const signing = items.find(({ state }) => state === 'signing')!.kid;
    const foreign = await pi(['keys', 'revoke', signing], { MASTER_KEY: 'cd'.repeat(32) });
    assert.equal(foreign.code, 3);
    assert.match(foreign.err, /^pi: MASTER_KEY: is not the one [^\n]+\n$/);
    const none = await pi(['keys', 'rotate']);
    assert.equal(none.code, 3);
    assert.match(none.err, /^pi: no master key: set MASTER_KEY [^\n]+\n$/);
    assert.deepEqual(
      await kids(),
      items.map(({ kid }) => kid),
    );
  });
});

describe('pi gateway check', () => {
  test('accepts the file of the product and that of the demo', async () => {
    for (const file of ['gateway.yaml', 'examples/orders/gateway.yaml']) {
      const { code, out, err } = await pi(['gateway', 'check', join(root, file)]);
      assert.equal(code, 0, out + err);
    }
  });

  test('names the line of a mistake', async () => {
    const path = join(folder, 'gateway.yaml');
    await writeFile(
      path,
      'services:\n  a: { targets: ["http://127.0.0.1:1"] }\nroutes:\n  - { path: /a, service: b }\n',
    );
    const { code, out } = await pi(['gateway', 'check']);
    assert.equal(code, 1);
    assert.match(out, /^gateway\.yaml:4:\d+: /);
  });
});

describe('pi', () => {
  test('wrong usage ends with 2 and says what is wrong', async () => {
    for (const args of [
      ['nonsense'],
      ['user', 'role', 'ann@example.com', 'king'],
      ['user', 'list', '--limit', '0'],
    ]) {
      const { code, err } = await pi(args);
      assert.equal(code, 2);
      assert.match(err, /error: /);
    }
  });

  test('help ends with 0', async () => assert.equal((await pi(['--help'])).code, 0));

  test('a database that is away ends with 3 and one line', async () => {
    const { code, err } = await pi(['user', 'list'], { DATABASE_URL: 'postgres://pi@127.0.0.1:1/pi' });
    assert.equal(code, 3);
    assert.match(err.trim(), /^pi: [^\n]+$/);
  });

  test('without DATABASE_URL and without a run that is up, it says what to do', async () => {
    const { code, err } = await pi(['user', 'list'], { DATABASE_URL: '' });
    assert.equal(code, 3);
    assert.match(err, /^pi: no database: set DATABASE_URL, or start the run/);
  });

  test('a malformed setting is named', async () => {
    const { code, err } = await pi(['user', 'list'], { PASSWORD_MIN_LENGTH: 'many' });
    assert.equal(code, 3);
    assert.match(err, /^pi: PASSWORD_MIN_LENGTH: [^\n]+\n$/);
  });

  test('doctor finds everything sound with a sound database', async () => {
    const { code, out } = await pi(['doctor'], { GATEWAY_CONFIG: join(root, 'gateway.yaml') });
    assert.equal(code, 0, out);
    assert.match(out, /^ok {4}PostgreSQL: version \d+/m);
  });

  test('doctor names what is wrong and ends with 3', async () => {
    const { code, out } = await pi(['doctor'], { REDIS_URL: 'redis://127.0.0.1:1' });
    assert.equal(code, 3);
    assert.match(out, /^fail {2}Redis: /m);
  });
});
