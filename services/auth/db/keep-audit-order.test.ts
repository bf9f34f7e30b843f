import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '@pi-gateway/log/log.ts';
import { Client } from 'pg';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { prepareDatabase } from './prepare-database.ts';

test('a log restored into a server that counts transactions anew goes on above its old count', async () => {
  const { url } = await createTestDatabase();
  const log = createLog({ service: 'test', level: 'silent' });
  const prepare = () => prepareDatabase({ ownerUrl: url, servingUrl: url, log });
  await prepare();
  const client = new Client({ connectionString: url });
  await client.connect();
  const add = (tx: string) =>
    client.query(
      `insert into audit_log (id, tx, at, event, outcome, data)
        values (uuid_v7(now()), ${tx}, now(), 'logout', 'success', '{}') returning tx::float8`,
    );
  const newTx = async () => ((await add('default')).rows as { tx: number }[])[0]!.tx;
  const first = await newTx();
  await prepare();
  assert.ok((await newTx()) - first < 1000, 'a count that only went on is left alone');
  // As a dump brings it, of a server that counted further.
  const restored = first + 5_000_000;
  await add(String(restored));
  await prepare();
  const next = await newTx();
  assert.ok(next > restored && next < restored + 1000, `${next} after ${restored}`);
  await prepare();
  assert.ok((await newTx()) < restored + 1000);
  await client.end();
});
