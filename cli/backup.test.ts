import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Client } from 'pg';
import { createTestDatabase } from '../launch/testing/test-database.ts';
import { makeSealedLog, type SealedLog } from '../services/auth/testing/sealed-log.ts';
import { startTestAuth, type TestAuth } from '../services/auth/testing/start-test-auth.ts';
import { callPi } from './testing/run-pi.ts';

let source: SealedLog;
let auth: TestAuth;
let folder: string;
let path: string;
let kept: { refresh_token: string; access_token: string };
let ended: { refresh_token: string };
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pi-backup-'));
  path = join(folder, 'pi.backup');
  source = await makeSealedLog();
  auth = await startTestAuth(source.database.url, source.env);
  await auth.register('ann@example.com');
  [kept, ended] = [await auth.login('ann@example.com'), await auth.login('ann@example.com')];
  const { status } = await auth.call('POST', '/auth/logout', {
    body: { refresh_token: ended.refresh_token },
  });
  assert.equal(status, 204);
  await source.write(40);
  await source.seal();
  await source.write(3);
  const { code, err } = await callPi(['backup', path], source.env);
  assert.equal(code, 0, err);
});
after(async () => {
  await auth.close();
  await source.close();
  await rm(folder, { recursive: true, force: true });
});

/** An empty database elsewhere, with the same master key. */
async function makePlace(): Promise<Record<string, string>> {
  const { url } = await createTestDatabase();
  return { ...source.env, DATABASE_URL: url, DATA_DIR: await mkdtemp(join(folder, 'data-')) };
}

async function countUsers({ DATABASE_URL: url }: Record<string, string>): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ count: number }>('select count(*)::int as count from users');
  await client.end();
  return rows[0]!.count;
}

const refresh = async (at: TestAuth, refresh_token: string) =>
  (await at.call('POST', '/auth/refresh', { body: { refresh_token } })).status;

describe('a backup', () => {
  test('is readable by its owner alone, complete when it is there, and never takes the place of a file', async () => {
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.ok(!(await readdir(folder)).includes('pi.backup.part'));
    const before = await readFile(path);
    const again = await callPi(['backup', path], source.env);
    assert.deepEqual([again.code, again.err], [1, `pi: ${path} exists already\n`]);
    assert.deepEqual(await readFile(path), before);
  });

  test('holds no secret in clear: neither the master key, nor a password, nor a token', async () => {
    const text = gunzipSync(await readFile(path)).toString('utf8');
    assert.ok(text.includes('ann@example.com'));
    for (const secret of [
      source.masterKey.toString('hex'),
      source.masterKey.toString('base64'),
      'StrongPass123',
      kept.refresh_token,
      kept.access_token,
    ]) {
      assert.ok(!text.includes(secret));
    }
    assert.doesNotMatch(text, /"d"\s*:/); // of a private JWK
  });

  test('that cannot be made leaves nothing behind', async () => {
    const elsewhere = { ...source.env, DATABASE_URL: 'postgres://pi@127.0.0.1:1/pi' };
    const { code } = await callPi(['backup', join(folder, 'none')], elsewhere);
    assert.equal(code, 3);
    assert.ok(!(await readdir(folder)).some((name) => name.startsWith('none')));
  });
});

describe('a restore', () => {
  test('keeps accounts and the audit log, and ends every session and key, for nobody knows what was revoked since', async (t) => {
    const place = await makePlace();
    const { code, out, err } = await callPi(['restore', path, '--json'], place);
    assert.equal(code, 0, err);
    assert.equal((JSON.parse(out) as { sessions_ended: number }).sessions_ended, 1);
    const verified = await callPi(['audit', 'verify'], place);
    assert.equal(verified.code, 0, verified.out + verified.err);

    const restored = await startTestAuth(place['DATABASE_URL']!, place);
    t.after(() => restored.close());
    assert.equal(await refresh(restored, kept.refresh_token), 401);
    assert.equal(await refresh(restored, ended.refresh_token), 401);
    const token = kept.access_token;
    assert.equal((await restored.call('GET', '/auth/me', { token })).status, 401);
    const { access_token: fresh } = await restored.login('ann@example.com');
    assert.equal((await restored.call('GET', '/auth/me', { token: fresh })).status, 200);
    const again = await restored.call('POST', '/auth/register', {
      body: { email: 'ann@example.com', password: 'StrongPass123' },
    });
    assert.equal(again.status, 409);
    const listed = await callPi(['audit', 'list', '--json'], place);
    assert.ok(listed.out.includes('database.restored'));
    const later = await callPi(['audit', 'verify'], place);
    assert.equal(later.code, 0, later.out + later.err);
  });

  test('with --keep-sessions lets living sessions go on; revoked ones stay dead', async (t) => {
    const place = await makePlace();
    assert.equal((await callPi(['restore', path, '--keep-sessions'], place)).code, 0);
    const restored = await startTestAuth(place['DATABASE_URL']!, place);
    t.after(() => restored.close());
    assert.equal(await refresh(restored, ended.refresh_token), 401);
    assert.equal(await refresh(restored, kept.refresh_token), 200);
  });

  test('brings every row of every table back as it was', async () => {
    const place = await makePlace();
    assert.equal((await callPi(['restore', path, '--keep-sessions'], place)).code, 0);
    const second = join(folder, 'second.backup');
    assert.equal((await callPi(['backup', second], place)).code, 0);
    const rowsOf = async (file: string) =>
      gunzipSync(await readFile(file))
        .toString('utf8')
        .split('\n')
        .filter((line) => line.startsWith('["') && !line.includes('"database.'))
        .toSorted();
    assert.deepEqual(await rowsOf(second), await rowsOf(path));
  });

  test('is refused where anything is: nothing is changed', async () => {
    const { code, err } = await callPi(['restore', path], source.env);
    assert.equal(code, 1);
    assert.match(err, /^pi: the database is not empty \(\w+\): [^\n]+\n$/);
    assert.equal(await refresh(auth, ended.refresh_token), 401);
  });

  test('of a file that was cut off, edited, prolonged or is no backup leaves the database empty', async () => {
    const place = await makePlace();
    const bytes = await readFile(path);
    const text = gunzipSync(bytes).toString('utf8');
    const lines = text.split('\n');
    const user = lines.find((line) => line.startsWith('["users"'))!;
    const files = {
      cut: bytes.subarray(0, bytes.length - 20),
      edited: gzipSync(text.replace('"role":"user"', '"role":"admin"')),
      shortened: gzipSync(text.replace(`${user}\n`, '')),
      endless: gzipSync(lines.slice(0, -2).join('\n')),
      prolonged: gzipSync(`${text}${user}\n`),
      text: Buffer.from(text),
      empty: Buffer.alloc(0),
    };
    for (const [name, content] of Object.entries(files)) {
      const damaged = join(folder, name);
      await writeFile(damaged, content);
      const { code, err } = await callPi(['restore', damaged], place);
      assert.deepEqual(
        [code, err],
        [1, 'pi: the file is no backup, or is damaged: nothing was restored\n'],
        name,
      );
    }
    assert.equal((await callPi(['migrate'], place)).code, 0);
    assert.equal(await countUsers(place), 0);
  });

  test('under another master key is refused before anything is kept', async () => {
    const place = { ...(await makePlace()), MASTER_KEY: 'ab'.repeat(32) };
    const { code, err } = await callPi(['restore', path], place);
    assert.deepEqual([code, err], [3, 'pi: MASTER_KEY: is not the one the backup was made under\n']);
    assert.equal(await countUsers(place), 0);
  });

  test('of a newer version is refused by name', async () => {
    const newer = join(folder, 'newer');
    const text = gunzipSync(await readFile(path)).toString('utf8');
    await writeFile(newer, gzipSync(text.replace('"migrations":[', '"migrations":["0001_x","9999_later",')));
    const { code, err } = await callPi(['restore', newer], await makePlace());
    assert.equal(code, 1);
    assert.match(err, /^pi: the backup is of a newer version/);
  });
});
