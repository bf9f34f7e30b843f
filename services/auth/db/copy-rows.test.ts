import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { columnsOf, copyRows, findRows, locateRow, openRoom, openRow } from './copy-rows.ts';

let client: pg.Client;
before(async () => {
  client = new pg.Client({ connectionString: (await createTestDatabase()).url, query_timeout: 30_000 });
  await client.connect();
});
after(() => client.end());

const at = columnsOf(['number', 'text']);

/** The texts of a query's second column, null for null, by the numbers of its first. */
async function read(query: string, room = openRoom()): Promise<[number, string | null][]> {
  const copied = await copyRows(client, query, room);
  const row = openRow(copied, 2);
  return findRows(copied, 2).map((start) => {
    locateRow(row, start);
    const [from, length] = [row.starts[at.text]!, row.lengths[at.text]!];
    const text = length < 0 ? null : copied.toString('utf8', from, from + length);
    return [copied.readInt32BE(row.starts[at.number]), text];
  });
}

test('values, nulls and empty texts lie where they are said to lie; no rows are none', async () => {
  const values = `(values (1, 'é'), (-2, null), (3, '')) as given (number, text)`;
  assert.deepEqual(await read(`select number::int, text::text from ${values}`), [
    [1, 'é'],
    [-2, null],
    [3, ''],
  ]);
  assert.deepEqual(await read(`select number::int, text from ${values} where false`), []);
});

test('an answer that is larger than the room is whole, and the room is used again for the next one', async () => {
  const room = { bytes: Buffer.alloc(16) };
  const rows = await read(
    `select i, repeat(i::text, 100) from generate_series(1, 2000) as i order by i`,
    room,
  );
  assert.equal(rows.length, 2000);
  for (const [number, text] of rows) assert.equal(text, String(number).repeat(100));
  const { bytes } = room;
  assert.deepEqual(await read(`select 7, 'seven'`, room), [[7, 'seven']]);
  assert.equal(room.bytes, bytes);
});

test('a query that fails midway is told of as what it is, and the connection goes on', async () => {
  const query = `select i, (1 / (1500 - i))::text from generate_series(1, 2000) as i`;
  await assert.rejects(read(query), { code: '22012' });
  await assert.rejects(read('select nothing'), { code: '42703' });
  assert.deepEqual(await read(`select 8, 'eight'`), [[8, 'eight']]);
});

test('what is no such answer, or has other columns, is refused', async () => {
  const copied = await copyRows(client, 'select 1, 2, 3', openRoom());
  assert.throws(() => findRows(copied, 2), /rows of 3 values/);
  assert.throws(() => findRows(Buffer.from('PGCOPY, nearly'), 2), /another form/);
});
