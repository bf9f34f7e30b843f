import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import pg from 'pg';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { describeSchema } from '../testing/describe-schema.ts';
import { migrate } from './migrate.ts';

const file = new URL('./schema.sql', import.meta.url);

async function describeDatabase(url: string): Promise<string> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await describeSchema(client);
  } finally {
    await client.end();
  }
}

test('schema.sql is what the migrations make', async () => {
  const { url } = await createTestDatabase();
  await migrate(url, 'up');
  const schema = await describeDatabase(url);
  if (process.env.UPDATE_SCHEMA === '1') await writeFile(file, schema);
  assert.equal(await readFile(file, 'utf8'), schema);
});

test('every migration goes down again, and up once more to the same schema', async () => {
  const { url } = await createTestDatabase();
  const empty = await describeDatabase(url);
  const up = await migrate(url, 'up');
  const schema = await describeDatabase(url);
  for (const name of up.toReversed()) assert.deepEqual(await migrate(url, 'down'), [name]);
  assert.deepEqual(await migrate(url, 'down'), []);
  const down = await describeDatabase(url);
  assert.equal(down.replace(/create table schema_migrations[^]*?;/, '').trim(), empty.trim());
  assert.deepEqual(await migrate(url, 'up'), up);
  assert.equal(await describeDatabase(url), schema);
});

test('several processes and several databases of one server may migrate at once', async () => {
  const databases = await Promise.all(Array.from({ length: 4 }, () => createTestDatabase()));
  const runs = await Promise.all(
    databases.flatMap(({ url }) => [migrate(url, 'up'), migrate(url, 'up'), migrate(url, 'up')]),
  );
  assert.equal(runs.filter((names) => names.length > 0).length, 4);
});

test('a migration that waits for a table lets those who come after it pass, and runs when its turn comes', async (t) => {
  const { url } = await createTestDatabase();
  await migrate(url, 'up');
  // Back to before one that needs the users for itself.
  while ((await migrate(url, 'down'))[0] !== '0008_password_classes');
  const [writer, other] = [new pg.Client(url), new pg.Client(url)];
  await Promise.all([writer.connect(), other.connect()]);
  t.after(() => Promise.all([writer.end(), other.end()]));
  await writer.query('begin; lock table users in row exclusive mode');
  const migrated = migrate(url, 'up');
  const isWaiting = async () => {
    const { rowCount } = await other.query(
      `select from pg_locks where relation = 'users'::regclass and not granted`,
    );
    return rowCount !== 0;
  };
  for (let round = 0; round < 3; round += 1) {
    const deadline = performance.now() + 10_000;
    while (!(await isWaiting())) assert.ok(performance.now() < deadline, 'the migration waits');
    // While the writer still has it: behind the migration this would wait as long as the migration does.
    await other.query('set lock_timeout = 5000; begin; lock table users in row exclusive mode; rollback');
  }
  await writer.query('commit');
  assert.ok((await migrated).includes('0008_password_classes'));
});

test('a migration that fails leaves nothing behind and names itself', async () => {
  const { url } = await createTestDatabase();
  const client = new pg.Client(url);
  await client.connect();
  await client.query('create table sessions ()');
  await assert.rejects(
    migrate(url, 'up'),
    /^Error: migration 0003_sessions \(up\): relation "sessions" already exists$/,
  );
  const { rows } = await client.query('select name from schema_migrations order by name');
  assert.equal(rows.length, 2);
  await client.end();
});
