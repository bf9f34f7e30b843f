import assert from 'node:assert/strict';
import { createHash, pbkdf2Sync } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openDatabase } from '@pi-gateway/auth/db/database.ts';
import { startTestAuth } from '@pi-gateway/auth/testing/start-test-auth.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { createTestDatabase } from '../launch/testing/test-database.ts';
import { runPi } from './testing/run-pi.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pi-import-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const pi = (databaseUrl: string, args: readonly string[], input = '') =>
  runPi(['user', ...args], { env: { DATABASE_URL: databaseUrl }, input });
async function migrated(): Promise<string> {
  const { url } = await createTestDatabase();
  assert.equal((await runPi(['migrate'], { env: { DATABASE_URL: url } })).code, 0);
  return url;
}

const password = 'nine green ladders';
const salted = (salt: string) =>
  Buffer.concat([createHash('sha256').update(password).update(salt).digest(), Buffer.from(salt)]).toString(
    'base64',
  );
const django = `pbkdf2_sha256$1000$letters$${pbkdf2Sync(password, 'letters', 1000, 32, 'sha256').toString('base64')}`;
const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

test('accounts of another system come in with their hashes, roles and times, and sign in', async () => {
  const auth = await startTestAuth((await createTestDatabase()).url);
  const databaseUrl = auth.config.databaseUrl;
  try {
    const input = lines([
      { email: ' Ann@Example.COM ', password_hash: `{SSHA256}${salted('pepper')}` },
      {
        email: 'bob@example.com',
        password_hash: django,
        role: 'admin',
        created_at: '2020-02-29T12:00:00.123456Z',
      },
      { email: 'cy@example.com', password_hash: django, disabled: true },
    ]);
    const first = await pi(databaseUrl, ['import', '-', '--json'], input);
    assert.equal(first.code, 0, first.err);
    assert.deepEqual(JSON.parse(first.out), { imported: 3, known: 0, refused: 0, faults: [] });
    assert.ok(await auth.login('ann@example.com', password));
    const { access_token: token } = await auth.login('bob@example.com', password);
    const me = await auth.call('GET', '/auth/me', { token });
    assert.deepEqual([me.body.role, me.body.created_at], ['admin', '2020-02-29T12:00:00.123Z']);
    const disabled = await auth.call('POST', '/auth/login', { body: { email: 'cy@example.com', password } });
    assert.equal(disabled.status, 401);
    const events = await auth.call('GET', '/admin/audit?event=user.imported', { token });
    assert.equal((events.body.items as object[]).length, 3);
    const again = await pi(databaseUrl, ['import', '-'], input);
    assert.deepEqual([again.code, again.out], [0, '0 imported, 3 known already, 0 refused\n']);
  } finally {
    await auth.close();
  }
});

test('what is wrong is named by its line, and all other lines are in', async () => {
  const url = await migrated();
  const id = '019a204b-5fcc-7000-aee0-b0b6473475c0';
  const hash = `{SSHA256}${salted('salt')}`;
  const input = [
    JSON.stringify({ id, email: 'one@example.com', password_hash: hash }),
    'no json',
    '',
    JSON.stringify({ email: 'nobody', password_hash: 'md5' }),
    JSON.stringify({ email: 'two@example.com', password_hash: hash, role: 'king', name: 'Two' }),
    JSON.stringify({ id, email: 'three@example.com', password_hash: hash }),
    JSON.stringify({ email: 'ONE@example.com', password_hash: hash }),
    JSON.stringify({ email: 'four@example.com', password_hash: `$2b$14$${'.'.repeat(53)}` }),
    `{"email":"${'x'.repeat(20_000)}"}`,
    JSON.stringify({ email: 'five@example.com', password_hash: hash, created_at: 'yesterday' }),
    JSON.stringify({ email: 'last@example.com', password_hash: hash }),
  ].join('\n');
  const { code, out, err } = await pi(url, ['import', '-'], input);
  assert.equal(code, 4);
  assert.equal(out, '2 imported, 1 known already, 7 refused\n');
  for (const line of [
    /^line 2: is not a JSON object/m,
    /^line 4: \/email must be an e-mail address, \/password_hash is in no form that is known$/m,
    /^line 5: \/name is not known here, \/role must be one of user, admin$/m,
    /^line 6: \/id is that of another account$/m,
    /^line 8: \/password_hash would make every login cost 98\d ms more, and 500 ms is the bound/m,
    /^line 9: is longer than 16384 bytes$/m,
    /^line 10: \/created_at must be an RFC 3339 time$/m,
    /^pi: 7 lines were refused, all others are in$/m,
  ]) {
    assert.match(err, line);
  }
});

test('what is exported comes in again as it was, in a file for its owner alone that is never overwritten', async () => {
  const [from, to] = [await migrated(), await migrated()];
  const rows = Array.from({ length: 1203 }, (_, i) => ({
    email: `user${i}@example.com`,
    password_hash: i % 2 === 0 ? django : `{SSHA256}${salted(`salt${i}`)}`,
    role: i % 7 === 0 ? 'admin' : 'user',
    disabled: i % 5 === 0,
    created_at: new Date(1.6e12 + i * 1000).toISOString(),
  }));
  assert.equal((await pi(from, ['import', '-'], lines(rows))).code, 0);
  const file = join(folder, 'users.ndjson');
  const exported = await pi(from, ['export', file]);
  assert.deepEqual([exported.code, exported.out], [0, `1203 accounts in ${file}\n`]);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const text = await readFile(file, 'utf8');
  assert.equal((await pi(to, ['import', file])).code, 0);
  assert.ok((await pi(to, ['export', '-'])).out === text, 'exported again it is the same text');
  assert.equal((await pi(from, ['export', file])).code, 1);
  const audit = openDatabase({ url: from, poolMax: 1, log: createLog({ service: 'pi', level: 'silent' }) });
  const [row] = await audit.query<{ count: number }>({
    name: 'test-exports',
    text: `select count(*) from audit_events where event = 'users.exported'`,
    values: [],
  });
  await audit.close();
  assert.equal(row?.count, 1);
});
