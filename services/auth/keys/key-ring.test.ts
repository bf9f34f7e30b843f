import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { openSigningKey } from '../crypto/signing-key.ts';
import { listSigningKeys } from '../store/signing-keys.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';
import { openKeyRing } from './key-ring.ts';

let auth: TestAuth;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url, { SIGNING_KEY_ROTATION_SECONDS: '100000' });
});
after(() => auth.close());

const sealKey = () => deriveSecret(auth.config.masterKey, 'signing-key-encryption/v1');
const rules = { rotationSeconds: 100_000, accessTokenTtlSeconds: 600, clockSkewSeconds: 5 };
const kids = (body: string) => (JSON.parse(body) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);

test('several processes that start at once agree on one key', async () => {
  const rings = await Promise.all(
    Array.from({ length: 4 }, () => openKeyRing(auth.deps.db, sealKey(), rules)),
  );
  const published = new Set(rings.map((ring) => ring.published().body));
  assert.equal(published.size, 1);
  assert.equal(kids([...published][0]!).length, 1);
});

test('a key opens with its own master key and kid only', async () => {
  const [row] = await listSigningKeys(auth.deps.db);
  assert.ok(openSigningKey(row!.privateSealed, row!.kid, sealKey()).asymmetricKeyType === 'ec');
  assert.throws(() => openSigningKey(row!.privateSealed, row!.kid, randomBytes(32)));
  assert.throws(() => openSigningKey(row!.privateSealed, `${row!.kid}x`, sealKey()));
  assert.ok(!row!.privateSealed.includes(Buffer.from('PRIVATE')));
});

test('the next key is published before it signs, with its event, and tokens of both verify', async () => {
  const { db, keyRing } = auth.deps;
  const { access_token: old } = await auth.login(auth.admin.email);
  const before = kids(keyRing.published().body);
  const ageKeys = (seconds: number) =>
    db.query({
      name: 'test-age-keys',
      text: `with aged as (delete from signing_keys returning *)
        insert into signing_keys select kid, public_jwk, private_sealed, created_at,
          active_at - make_interval(secs => $1) from aged`,
      values: [seconds],
    });
  await ageKeys(99_800);
  await keyRing.maintain();
  const both = kids(keyRing.published().body);
  assert.equal(both.length, 2);
  const headerOf = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string };
  const early = (await auth.login(auth.admin.email)).access_token;
  assert.equal(headerOf(early).kid, before[0]);
  await ageKeys(400);
  await keyRing.maintain();
  const late = (await auth.login(auth.admin.email)).access_token;
  assert.equal(
    headerOf(late).kid,
    both.find((kid) => kid !== before[0]),
  );
  for (const token of [old, early, late])
    assert.equal((await auth.call('GET', '/auth/me', { token })).status, 200);
  const events = await auth.call('GET', '/admin/audit?event=keys.rotated', { token: late });
  assert.equal((events.body.items as unknown[]).length, 2);
  await ageKeys(2000);
  await keyRing.maintain();
  assert.deepEqual(
    kids(keyRing.published().body),
    both.filter((kid) => kid !== before[0]),
  );
});
