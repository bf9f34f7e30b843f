import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SettingError } from '@pi-gateway/env/settings.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { listRevocationsSince } from '../store/revocations.ts';
import { listSigningKeys } from '../store/signing-keys.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';
import { revokeSigningKey, rotateSigningKey } from './change-signing-keys.ts';

let auths: TestAuth[];
before(async () => {
  const { url } = await createTestDatabase();
  const env = { MASTER_KEY: randomBytes(32).toString('hex') };
  auths = [await startTestAuth(url, env), await startTestAuth(url, env)];
});
after(() => Promise.all(auths.map((auth) => auth.close())));

const db = () => auths[0]!.deps.db;
const sealKey = () => deriveSecret(auths[0]!.config.masterKey, 'signing-key-encryption/v1');
const kidOf = (token: string) =>
  (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid;
const login = async (auth: TestAuth) => (await auth.login(auth.admin.email)).access_token;
const me = async (auth: TestAuth, token: string) => (await auth.call('GET', '/auth/me', { token })).status;

async function published(auth: TestAuth): Promise<string[]> {
  const { body } = await auth.call('GET', '/.well-known/jwks.json');
  return (body.keys as { kid: string }[]).map(({ kid }) => kid);
}

async function until(what: string, withinMs: number, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(10);
  }
}

async function lastEvent(event: string) {
  const token = await login(auths[0]!);
  const { body } = await auths[0]!.call('GET', `/admin/audit?event=${event}&limit=1`, { token });
  return (body.items as { data: Record<string, unknown> }[])[0]?.data;
}

describe('rotating by hand', () => {
  test('the next key is published at once by every process and signs no sooner than gateways know it', async () => {
    const [before] = await published(auths[0]!);
    const now = Date.now() * 1000;
    const next = await rotateSigningKey(db(), sealKey());
    assert.ok(next.isNew && next.activeAt - now > 14_000_000);
    for (const auth of auths) {
      await until('published', 1000, async () => (await published(auth)).includes(next.kid));
      assert.equal(kidOf(await login(auth)), before);
    }
    assert.deepEqual((await lastEvent('keys.rotated'))?.kid, next.kid);
  });

  test('while one is on its way, asking again makes no other', async () => {
    const again = await rotateSigningKey(db(), sealKey());
    assert.equal(again.isNew, false);
    assert.equal((await listSigningKeys(db())).length, 2);
  });
});

describe('withdrawing', () => {
  test('the key that signs: gone from every process within a second, a new one signs, its tokens are dead', async () => {
    const [auth] = auths;
    const token = await login(auth!);
    const kid = kidOf(token);
    const { refresh_token } = await auth!.login(auth!.admin.email);
    const revoked = await revokeSigningKey(db(), sealKey(), kid);
    assert.ok(revoked?.replacedBy !== undefined);
    for (const auth of auths) {
      await until('followed', 1000, async () => !(await published(auth)).includes(kid));
      assert.equal(await me(auth, token), 401);
    }
    for (const auth of auths) {
      const fresh = await login(auth);
      assert.equal(kidOf(fresh), revoked.replacedBy);
      for (const other of auths) assert.equal(await me(other, fresh), 200);
    }
    const refreshed = await auth!.call('POST', '/auth/refresh', { body: { refresh_token } });
    assert.equal(refreshed.status, 200);
    assert.deepEqual(await lastEvent('keys.revoked'), { kid, replaced_by: revoked.replacedBy, via: 'pi' });
    const { revocations } = await listRevocationsSince(db(), 0);
    assert.deepEqual(
      revocations.map((row) => [row.kind, row.id]),
      [['key', kid]],
    );
  });

  test('a key that does not sign just goes, an unknown one changes nothing', async () => {
    const token = await login(auths[0]!);
    const next = await rotateSigningKey(db(), sealKey());
    assert.deepEqual((await revokeSigningKey(db(), sealKey(), next.kid))?.replacedBy, undefined);
    const before = await listSigningKeys(db());
    assert.equal(await revokeSigningKey(db(), sealKey(), next.kid), undefined);
    assert.deepEqual(await listSigningKeys(db()), before);
    assert.equal(await me(auths[0]!, token), 200);
  });

  test('a foreign master key cannot put a key into the database', async () => {
    const before = await listSigningKeys(db());
    await assert.rejects(rotateSigningKey(db(), randomBytes(32)), SettingError);
    await assert.rejects(revokeSigningKey(db(), randomBytes(32), before.at(-1)!.kid), SettingError);
    assert.deepEqual(await listSigningKeys(db()), before);
  });
});

test('the published set is cached for less than the time before a key signs, and has an ETag that ends in 304', async () => {
  const path = '/.well-known/jwks.json';
  const first = await auths[0]!.call('GET', path);
  assert.equal(first.headers.get('cache-control'), 'public, max-age=10');
  const etag = first.headers.get('etag')!;
  await until('the other process tells the same', 1000, async () => {
    const again = await auths[1]!.call('GET', path, { headers: { 'if-none-match': etag } });
    return again.status === 304 && again.headers.get('etag') === etag;
  });
});
