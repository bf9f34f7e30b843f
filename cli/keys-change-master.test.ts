import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { Client } from 'pg';
import { createTestDatabase } from '../launch/testing/test-database.ts';
import { openSealedBytes, sealBytes } from '../services/auth/crypto/sealed-bytes.ts';
import { startTestAuth } from '../services/auth/testing/start-test-auth.ts';
import { callPi } from './testing/run-pi.ts';

const nextKey = 'cd'.repeat(32);
let url: string;
let env: Record<string, string>;
let path: string;
before(async () => {
  ({ url } = await createTestDatabase());
  const auth = await startTestAuth(url, { AUDIT_SEAL_SECONDS: '1' });
  env = {
    DATABASE_URL: url,
    MASTER_KEY: auth.config.masterKey.toString('hex'),
    DATA_DIR: auth.config.dataDir,
  };
  path = join(auth.config.dataDir, 'next.key');
  await writeFile(path, `${nextKey}\n`);
  await auth.close();
});

let client: Client;
after(() => client?.end());

/** Until the log has so many seals; the service seals by itself. */
async function waitForSeals(count: number): Promise<void> {
  client ??= new Client({ connectionString: url });
  if (count === 1) await client.connect();
  const deadline = performance.now() + 30_000;
  for (;;) {
    const { rows } = await client.query<{ count: number }>('select count(*)::int as count from audit_seals');
    if (rows[0]!.count >= count) return;
    assert.ok(performance.now() < deadline, `there are ${rows[0]!.count} seals`);
  }
}

test('the master key is exchanged: the log still proves itself, users sign in again, and the old key opens nothing', async (t) => {
  const before = await startTestAuth(url, { ...env, AUDIT_SEAL_SECONDS: '1' });
  await before.register('ann@example.com');
  const old = await before.login('ann@example.com');
  const refused = await callPi(['keys', 'change-master', path], env);
  assert.deepEqual(
    [refused.code, refused.err],
    [1, 'pi: auth is running on this database: stop all its processes first\n'],
  );
  await waitForSeals(1);
  await before.close();
  const id = 'a0000000-0000-7000-8000-000000000001';
  const [oldSecrets, nextSecrets] = [env['MASTER_KEY']!, nextKey].map((hex) =>
    deriveSecret(Buffer.from(hex, 'hex'), 'webhook-secret/v1'),
  );
  await client.query(
    `insert into webhook_endpoints
        (id, url, secret_sealed, created_at, disabled_at, disabled_reason, through_tx, through_id)
      values ($1, 'https://hooks.example.com/', $2, now(), now(), 'operator', 0, $1)`,
    [id, sealBytes(Buffer.from('a secret of a webhook'), id, oldSecrets!)],
  );

  const { code, out, err } = await callPi(['keys', 'change-master', path, '--json'], env);
  assert.equal(code, 0, err);
  assert.deepEqual(JSON.parse(out), { sessions_ended: 1 });
  const { rows } = await client.query<{ sealed: Buffer }>(
    'select secret_sealed as sealed from webhook_endpoints',
  );
  assert.equal(openSealedBytes(rows[0]!.sealed, id, nextSecrets!).toString(), 'a secret of a webhook');
  await assert.rejects(startTestAuth(url, env), /MASTER_KEY: is not the one this database was set up with/);

  const next = { ...env, MASTER_KEY: nextKey };
  const auth = await startTestAuth(url, { ...next, AUDIT_SEAL_SECONDS: '1' });
  t.after(() => auth.close());
  const { status } = await auth.call('POST', '/auth/refresh', { body: { refresh_token: old.refresh_token } });
  assert.equal(status, 401);
  assert.equal((await auth.call('GET', '/auth/me', { token: old.access_token })).status, 401);
  const { access_token: token } = await auth.login('ann@example.com');
  assert.equal((await auth.call('GET', '/auth/me', { token })).status, 200);
  // That of before, the one that names the next key, and one by it.
  await waitForSeals(3);
  const verified = await callPi(['audit', 'verify', '--no-anchors', '--json'], next);
  assert.equal(verified.code, 0, verified.out + verified.err);
});

test('what is no key, the same key and a key that is not of this database change nothing', async () => {
  const other = join(env['DATA_DIR']!, 'other.key');
  await writeFile(other, 'short\n');
  assert.match((await callPi(['keys', 'change-master', other], env)).err, /holds no master key/);
  await writeFile(other, `${env['MASTER_KEY']}\n`);
  assert.match((await callPi(['keys', 'change-master', other], env)).err, /is the old one/);
  assert.match((await callPi(['keys', 'change-master', `${other}.none`], env)).err, /\(ENOENT\)/);
});
