import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startTestAuth, type TestAuth } from '@pi-gateway/auth/testing/start-test-auth.ts';
import { createTestDatabase } from '../launch/testing/test-database.ts';
import { runPi } from './testing/run-pi.ts';

let auth: TestAuth;
let folder = '';
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url);
  folder = await mkdtemp(join(tmpdir(), 'pi-create-'));
});
after(async () => {
  await auth.close();
  await rm(folder, { recursive: true, force: true });
});

const create = (email: string, args: readonly string[], input: string | Buffer = '', env = {}) =>
  runPi(['user', 'create', email, ...args], {
    env: { DATABASE_URL: auth.config.databaseUrl, ...env },
    input,
  });
const fromInput = ['--password-file', '-'];

test('a password is refused for the very reasons of a registration, and never shown', async () => {
  const email = 'jane.doe@example.com';
  for (const password of ['short', 'YankeesInChura', 'jane.doe-2026', 'PI-Gateway-2026', 'é'.repeat(513)]) {
    const { code, out, err } = await create(email, fromInput, `${password}\n`);
    const registered = await auth.call('POST', '/auth/register', { body: { email, password } });
    const reasons = (registered.body.errors as { detail: string }[]).map(({ detail }) => detail);
    assert.deepEqual([code, out, err], [1, '', `pi: the password ${reasons.join(', ')}\n`]);
    assert.ok(!err.includes(password));
  }
});

test('a password on standard input or in a file signs in, and is not shown', async () => {
  const file = join(folder, 'password');
  await writeFile(file, '\ufeffnine grün ladders\r\n');
  for (const [email, args, input] of [
    ['input@example.com', fromInput, 'nine grün ladders\n'],
    ['file@example.com', ['--password-file', file], ''],
  ] as const) {
    const { code, out, err } = await create(email, [...args, '--json'], input);
    assert.deepEqual([code, err], [0, '']);
    assert.equal((JSON.parse(out) as { password?: string }).password, undefined);
    await auth.login(email, 'nine grün ladders');
  }
});

test('what cannot be read as a password is refused by its path', async () => {
  for (const [path, input, reason] of [
    ['/dev/zero', '', 'it is too long'],
    ['-', Buffer.from('nine \xff ladders', 'latin1'), 'it is not UTF-8'],
    [join(folder, 'none'), '', 'ENOENT'],
    [folder, '', 'EISDIR'],
  ] as const) {
    const { code, err } = await create('nobody@example.com', ['--password-file', path], input);
    assert.deepEqual([code, err], [1, `pi: cannot read the password from ${path} (${reason})\n`]);
  }
});

test('a password in an argument is wrong usage and not repeated', async () => {
  for (const args of [['nine green ladders'], ['--password', 'nine green ladders']]) {
    const { code, out, err } = await create('nobody@example.com', args);
    assert.deepEqual([code, out], [2, '']);
    assert.ok(err.length > 0 && !err.includes('ladders'), err);
  }
});

test('a password the range service knows is refused; with the service away it is taken', async () => {
  const suffix = createHash('sha1').update('nine green ladders').digest('hex').slice(5);
  const service = createServer((_, response) => response.end(`${suffix}:3\r\n`)).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const PASSWORD_HIBP_URL = `http://127.0.0.1:${(service.address() as AddressInfo).port}/range/`;
  const leaked = await create('leak@example.com', fromInput, 'nine green ladders', { PASSWORD_HIBP_URL });
  assert.deepEqual([leaked.code, leaked.err], [1, 'pi: the password is among leaked passwords\n']);
  service.close();
  const away = await create('leak@example.com', fromInput, 'nine green ladders', { PASSWORD_HIBP_URL });
  assert.equal(away.code, 0, away.err);
  assert.match(away.err, /could not be checked/);
});
