import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { Client } from 'pg';
import { createTestDatabase } from '../launch/testing/test-database.ts';
import { runPi, spawnPi } from './testing/run-pi.ts';

test('tail shows the newest events in order, and --follow each that comes after, once', async () => {
  const { url } = await createTestDatabase();
  const env = { DATABASE_URL: url };
  assert.equal((await runPi(['migrate'], { env })).code, 0);
  const client = new Client({ connectionString: url });
  await client.connect();
  const insert = (event: string, request: string) =>
    client.query(
      `insert into audit_events (id, at, event, outcome, request_id, data)
        values (uuid_v7(clock_timestamp()), clock_timestamp(), $1, 'success', $2, '{}')`,
      [event, request],
    );
  for (let i = 0; i < 5; i++) await insert('logout', `old${i}`);
  await insert('keys.rotated', 'other');

  const { code, out, err } = await runPi(['audit', 'tail', '--limit', '2', '--event', 'logout', '--json'], {
    env,
  });
  assert.equal(code, 0, err);
  const read = (line: string) => (JSON.parse(line) as { request_id: string }).request_id;
  assert.deepEqual(out.trim().split('\n').map(read), ['old3', 'old4']);

  const tail = spawnPi(['audit', 'tail', '-f', '--limit', '1', '--event', 'logout', '--json'], { env });
  const lines = createInterface(tail.stdout)[Symbol.asyncIterator]();
  const next = async () => read(String((await lines.next()).value));
  assert.equal(await next(), 'old4');
  await insert('keys.rotated', 'left out');
  for (let i = 0; i < 3; i++) await insert('logout', `new${i}`);
  assert.deepEqual([await next(), await next(), await next()], ['new0', 'new1', 'new2']);
  tail.kill('SIGTERM');
  await once(tail, 'exit');
  await client.end();
});
