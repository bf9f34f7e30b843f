import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { verify } from '@node-rs/argon2';
import pg from 'pg';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { migrate } from './migrate.ts';

const page = new URL('../../../docs/how-to/bring-your-users.md', import.meta.url);
const step = '0008_password_classes';
const own = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g';
const foreign = [`$2b$12$${'.'.repeat(53)}`, '$ssha-sha1$c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2g'];

/** A database as it stands right after that step, with an account for each hash. */
async function databaseWith(hashes: readonly string[]): Promise<{ url: string; client: pg.Client }> {
  const { url } = await createTestDatabase();
  const names = await migrate(url, 'up');
  for (const _ of names.slice(names.indexOf(step) + 1)) await migrate(url, 'down');
  const client = new pg.Client(url);
  await client.connect();
  await client.query(
    `insert into users (id, email, password_hash, role, created_at, tokens_valid_after)
      select uuid_v7(now()), hash || '@example.com', hash, 'user', now(), now() from unnest($1::text[]) as hash`,
    [hashes],
  );
  return { url, client };
}

async function readHashes(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ hash: string }>('select password_hash as hash from users order by 1');
  return rows.map(({ hash }) => hash);
}

test('the step back from hashes of other systems is refused while any is left, with their number', async () => {
  const { url, client } = await databaseWith([own, ...foreign]);
  await assert.rejects(migrate(url, 'down'), {
    message: `migration ${step} (down): accounts with a password hash of another system: 2. The version before cannot verify them; nothing was changed (docs/how-to/bring-your-users.md, "Going back")`,
  });
  assert.deepEqual(await readHashes(client), [own, ...foreign].toSorted());
  assert.deepEqual(await migrate(url, 'up').then((names) => names.includes(step)), false);
  await client.end();
});

test('with hashes of our own alone the step back is made', async () => {
  const { url, client } = await databaseWith([own]);
  assert.deepEqual(await migrate(url, 'down'), [step]);
  assert.deepEqual(await readHashes(client), [own]);
  await client.end();
});

test('what the page says for going back all the same leaves hashes that nobody can use and nothing fails on', async () => {
  const { url, client } = await databaseWith([own, ...foreign]);
  const [, statement = ''] = /## Going back[^]*?```sql\n([^]*?)```/.exec(await readFile(page, 'utf8')) ?? [];
  const changed = await client.query(statement);
  assert.equal(changed.rowCount, 2);
  assert.deepEqual(await migrate(url, 'down'), [step]);
  const hashes = await readHashes(client);
  assert.ok(hashes.includes(own));
  assert.equal(new Set(hashes).size, 3);
  for (const hash of hashes) assert.equal(await verify(hash, 'nine green ladders'), false);
  await client.end();
});
