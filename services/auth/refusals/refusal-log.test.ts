import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import type { Database } from '../db/database.ts';
import { startTestAuth, type TestAuth } from '../testing/start-test-auth.ts';
import { createRefusalLog, type Refusal } from './refusal-log.ts';

let auth: TestAuth;
before(async () => {
  auth = await startTestAuth((await createTestDatabase()).url);
});
after(() => auth.close());

const refusal = (requestId: string, network: string, key: string | undefined): Refusal => ({
  event: {
    ip: '192.0.2.1',
    userAgent: 'flood',
    requestId,
    event: 'token.refused',
    outcome: 'denied',
    actorId: null,
    targetId: null,
    sessionId: null,
    data: { reason: 'malformed' },
  },
  network,
  key,
});

async function written(requestId: string) {
  const [row] = await auth.deps.db.query<{ rows: number; refusals: number }>({
    name: 'test-written',
    text: `select count(*) as rows, coalesce(sum(coalesce((data ->> 'count')::bigint, 1)), 0)::bigint as refusals
      from audit_events where request_id = $1 and ip = '192.0.2.1' and user_agent = 'flood'`,
    values: [requestId],
  });
  return row!;
}

test('under a flood the rows are bounded, and every refusal is one of them or in the count of one', async () => {
  const { refusals } = auth.deps;
  for (let i = 0; i < 5000; i += 1) refusals.writeLater(refusal('flood-1', 'network', 'key'));
  for (let i = 0; i < 100; i += 1) await refusals.write(refusal('flood-1', 'network', 'another'));
  await refusals.flush();
  assert.deepEqual(await written('flood-1'), { rows: 41, refusals: 5100 });
});

test('a batch whose commit is not known is sent again as it was, and stands in the log once', async () => {
  const { db, log } = auth.deps;
  let isLost = true;
  // The statement is done, and its answer lost.
  const lossy: Database = {
    ...db,
    query: async <Row>(sql: Parameters<Database['query']>[0]) => {
      const rows = await db.query<Row>(sql);
      if (isLost) throw new Error('the connection was lost');
      return rows;
    },
  };
  const refusals = createRefusalLog(lossy, log);
  for (let i = 0; i < 30; i += 1) refusals.writeLater(refusal('lost-answer', 'one', 'key'));
  await refusals.flush();
  await refusals.flush();
  assert.equal(refusals.waiting(), 20);
  refusals.writeLater(refusal('lost-answer', 'one', 'other key'));
  isLost = false;
  await refusals.flush();
  assert.equal(refusals.waiting(), 0);
  assert.deepEqual(await written('lost-answer'), { rows: 22, refusals: 31 });
});

test('what waits at the end is written before the end', async () => {
  const { url } = await createTestDatabase();
  const env = { MASTER_KEY: randomBytes(32).toString('hex') };
  const own = await startTestAuth(url, env);
  own.deps.refusals.writeLater(refusal('last-word', 'one', 'key'));
  await own.close();
  const again = await startTestAuth(url, env);
  const rows = await again.deps.db.query({
    name: 'test-last-word',
    text: 'select from audit_events where request_id = $1',
    values: ['last-word'],
  });
  assert.equal(rows.length, 1);
  await again.close();
});
