import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from 'pg';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { hashPersonal } from '../audit/personal-hash.ts';
import { migrate } from './migrate.ts';

const columns = 'id, at, event, outcome, actor_id, target_id, session_id, ip, user_agent, request_id, data';
// As the version before writes them; the years make partitions of their own.
const insert = `insert into audit_events (${columns})
  select uuid_v7(at), at, 'login.failed', 'failure', null, gen_random_uuid(), null,
    case when i % 3 > 0 then '192.0.2.' || i end, case when i % 3 > 1 then E'agent "\\u2028"\\n' end, 'r' || i,
    case when i % 2 > 0 then jsonb_build_object('account', 'a"' || i, 'reason', 'x') else '{}' end
  from (select i, timestamptz '2024-01-15 12:00:00.123456Z' + i * interval '70 days' as at
    from generate_series(1, 12) as i) as old`;

test('the audit events there are survive the new log and the way back, and old and new code write side by side', async () => {
  const { url } = await createTestDatabase();
  const client = new Client({ connectionString: url });
  await client.connect();
  const listed = async () =>
    (await client.query<{ id: string }>(`select ${columns} from audit_events order by id`)).rows;
  await migrate(url, 'up');
  for (let last = ''; !last.startsWith('0009_'); ) [last = ''] = await migrate(url, 'down');
  await client.query(insert);
  const before = await listed();
  assert.equal(before.length, 12);

  await migrate(url, 'up');
  assert.deepEqual(await listed(), before);
  await client.query('select audit_add_months(1)');
  await client.query(insert);
  const both = await listed();
  assert.equal(both.length, 24);
  const { rows: outside } = await client.query('select from audit_log_rest');
  assert.equal(outside.length, 0);
  const { rows } = await client.query<{
    ip: string | null;
    user_agent: string | null;
    data: Record<string, unknown> | null;
    salt: Buffer;
    personal_hash: Buffer | null;
  }>('select p.*, personal_hash from audit_log left join audit_personal as p using (id)');
  for (const { ip, user_agent: userAgent, data, salt, personal_hash } of rows) {
    const hash = salt === null ? undefined : hashPersonal({ ip, userAgent, data }, salt.toString('hex'));
    assert.equal(personal_hash?.toString('hex'), hash);
  }

  for (let last = ''; !last.startsWith('0009_'); ) [last = ''] = await migrate(url, 'down');
  assert.deepEqual(await listed(), both);
  await client.end();
});
