import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { migrate } from './migrate.ts';

async function openMigrated(): Promise<{ url: string; client: pg.Client }> {
  const { url } = await createTestDatabase();
  await migrate(url, 'up');
  const client = new pg.Client(url);
  await client.connect();
  return { url, client };
}

test('code whose schema was added to by newer code starts: it may be restarted while a new version comes in', async () => {
  const { url, client } = await openMigrated();
  await client.query(`insert into schema_migrations (name) values ('9998_adds_a_column')`);
  assert.deepEqual(await migrate(url, 'up'), []);
  await client.end();
});

test('code is refused by a schema that newer code took something from, in one line, and changes nothing', async () => {
  const { url, client } = await openMigrated();
  await client.query(`insert into schema_migrations (name) values ('9999_drops_a_column')`);
  await client.query(`insert into code_needed values ('0001_foundation'), ('9998_adds_a_column')`);
  const refusal =
    /^Error: the schema is newer than this version, which does not know its migration 9998_adds_a_column$/;
  await assert.rejects(migrate(url, 'up'), refusal);
  await assert.rejects(migrate(url, 'down'), refusal);
  const { rowCount } = await client.query('select from schema_migrations');
  await client.query('delete from code_needed');
  assert.deepEqual(await migrate(url, 'up'), []);
  assert.equal((await client.query('select from schema_migrations')).rowCount, rowCount);
  await client.end();
});
