import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { deleteExpiredRegistrations } from '../store/pending-registrations.ts';
import { deleteExpiredRevocations } from '../store/revocations.ts';
import { deleteEndedSessions } from '../store/sessions.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';

let auth: TestAuth;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url);
});
after(() => auth.close());

let statements = 0;
const age = (text: string) => auth.deps.db.query({ name: `test-${statements++}`, text, values: [] });

test('ended sessions go in batches once their access tokens are dead, living ones and held rows stay', async () => {
  const { email } = await auth.register();
  for (let i = 0; i < 5; i++) await auth.login(email);
  const { access_token: token } = await auth.login(email);
  await auth.call('DELETE', '/auth/sessions', { token });
  const { db } = auth.deps;
  assert.equal(await deleteEndedSessions(db, 600, 100), 0);
  await age(`update sessions set revoked_at = revoked_at - interval '1 hour'`);
  await db.transaction(async (tx) => {
    await tx.query({
      name: 'test-hold',
      text: 'select from sessions where revoked_at is not null limit 1 for update',
      values: [],
    });
    assert.equal(await deleteEndedSessions(db, 600, 3), 3);
    assert.equal(await deleteEndedSessions(db, 600, 100), 1);
  });
  assert.equal(await deleteEndedSessions(db, 600, 100), 1);
  assert.equal((await auth.call('GET', '/auth/me', { token })).status, 200);
});

test('expired revocations and registrations go', async () => {
  const { db } = auth.deps;
  assert.equal(await deleteExpiredRevocations(db, 100), 0);
  await age(
    `insert into revocations values ('user', uuid_v7(now()), now(), now() - interval '1 hour', now())`,
  );
  await age(
    `insert into pending_registrations values (sha256('x'), 'p@example.com', 'x', now(), now() - interval '1 s')`,
  );
  assert.equal(await deleteExpiredRevocations(db, 100), 1);
  assert.equal(await deleteExpiredRegistrations(db, 100), 1);
});

test('ten thousand revocations of one instant are read in pages, each of them', async () => {
  const before = auth.deps.revocations.size();
  await age(
    `insert into revocations select 'session', uuid_v7(now() - n * interval '1 millisecond'), now(),
      now() + interval '1 hour', now() from generate_series(1, 12000) as n`,
  );
  await auth.deps.revocations.poll();
  assert.equal(auth.deps.revocations.size(), before + 12_000);
  const headers = { 'x-pi-call': auth.deps.secrets.callProof };
  const ids = new Set<string>();
  for (let path = '?since=0', pages = 1; ; pages += 1) {
    const { body } = await auth.call('GET', `/internal/revocations${path}`, { headers });
    for (const { id } of body.revocations as { id: string }[]) ids.add(id);
    const next = body.next as { since: number; from_id: string } | null;
    if (next === null) {
      assert.equal(pages, 3);
      break;
    }
    path = `?since=${next.since}&from_id=${next.from_id}`;
  }
  assert.equal(ids.size, before + 12_000);
});

test('a revocation of another process arrives by the table within seconds', async () => {
  const { deps } = auth;
  const before = deps.revocations.size();
  await age(
    `insert into revocations values ('user', uuid_v7(now()), now(), now() + interval '1 hour', clock_timestamp())`,
  );
  const deadline = performance.now() + 5000;
  while (deps.revocations.size() === before) {
    assert.ok(performance.now() < deadline);
    await delay(20);
  }
});
