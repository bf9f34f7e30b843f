import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { leastMemoryKib } from '@pi-gateway/auth/crypto/argon2-floor.ts';
import { bcrypt } from '@pi-gateway/auth/crypto/foreign/bcrypt.ts';
import { createTestDatabase } from '../../launch/testing/test-database.ts';
import { runPi } from '../testing/run-pi.ts';
import type { Finding } from './finding.ts';

let folder: string;
let env: Record<string, string>;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pi-doctor-'));
  env = {
    DATABASE_URL: (await createTestDatabase()).url,
    GATEWAY_CONFIG: join(import.meta.dirname, '..', '..', 'gateway.yaml'),
  };
  assert.equal((await runPi(['migrate'], { env, cwd: folder })).code, 0);
});
after(() => rm(folder, { recursive: true, force: true }));

async function doctor(settings: Record<string, string> = {}, ...args: string[]) {
  const { code, out, err } = await runPi(['doctor', '--json', ...args], {
    env: { ...env, ...settings },
    cwd: folder,
  });
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  const find = (part: string) => findings.find((finding) => finding.part === part)!;
  return { code, err, findings, find };
}

test('the password hash is measured, and parameters are recommended that are not below the floor', async () => {
  const { code, find } = await doctor({}, '--hash-ms', '60');
  assert.equal(code, 0);
  const { figures: configured } = find('password hash');
  assert.deepEqual(
    [configured?.['memory_kib'], configured?.['passes'], configured?.['cores']],
    [19_456, 2, availableParallelism()],
  );
  assert.ok(Number(configured?.['alone_ms']) > 0 && Number(configured?.['per_second']) > 0);
  const { detail, figures } = find('password hash within 60 ms');
  assert.ok(Number(figures?.['memory_kib']) >= leastMemoryKib(Number(figures?.['passes'])));
  assert.ok(detail.startsWith(`PASSWORD_HASH_MEMORY_KIB=${figures?.['memory_kib']} PASSWORD_HASH_PASSES=`));
});

test('a hash that takes longer than it may is a warning', async () => {
  const { code, find } = await doctor({ PASSWORD_HASH_MEMORY_KIB: '65536' }, '--hash-ms', '1');
  assert.equal(code, 0);
  assert.equal(find('password hash').state, 'warn');
  assert.match(find('password hash').detail, /longer than 1 ms$/);
});

test("parameters below OWASP's floor are a failure that says what to set", async () => {
  const { code, find } = await doctor({ PASSWORD_HASH_MEMORY_KIB: '9216' }, '--hash-ms', '1');
  assert.equal(code, 3);
  assert.equal(find('password hash').state, 'fail');
  assert.match(find('password hash').detail, /set PASSWORD_HASH_MEMORY_KIB to 19456 or more$/);
});

test('imported hashes that remain are named by class, with their accounts and what each login pays', async () => {
  const none = await doctor({}, '--hash-ms', '1');
  assert.equal(none.find('imported hashes').state, 'ok');
  const users = ['ann', 'bob'].map((name) => ({
    email: `${name}@example.com`,
    password_hash: bcrypt.makeDecoy('$2b$06'),
  }));
  const input = users.map((user) => `${JSON.stringify(user)}\n`).join('');
  const imported = await runPi(['user', 'import', '-'], { env, cwd: folder, input });
  assert.equal(imported.code, 0, imported.err);
  const { code, find } = await doctor({}, '--hash-ms', '1');
  assert.equal(code, 0);
  const { state, detail, figures } = find('imported hashes $2b$06');
  assert.equal(state, 'warn');
  assert.match(detail, /^2 accounts .* every login takes [\d.]+ ms more$/);
  assert.equal(figures?.['accounts'], 2);
  assert.ok(Number(figures?.['ms_a_login']) > 0);
});

test('a number of milliseconds that is none is wrong usage', async () => {
  for (const ms of ['0', '5001']) {
    assert.equal((await runPi(['doctor', '--hash-ms', ms], { env, cwd: folder })).code, 2, ms);
  }
});
