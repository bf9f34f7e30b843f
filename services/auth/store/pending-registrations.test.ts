import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { createLog } from '@pi-gateway/log/log.ts';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { openDatabase } from '../db/database.ts';
import { migrate } from '../db/migrate.ts';
import { insertPendingRegistration, takePendingRegistration } from './pending-registrations.ts';

const tokenHashOf = (token: string) => hash('sha256', token, 'buffer');

test('of several tokens of one address that are taken at once one is, and none waits for another in a ring', async () => {
  const { url } = await createTestDatabase();
  await migrate(url, 'up');
  const db = openDatabase({ url, poolMax: 8, log: createLog({ service: 'test', level: 'silent' }) });
  try {
    for (let round = 0; round < 20; round++) {
      const email = `person${round}@example.com`;
      const tokens = Array.from({ length: 8 }, (_, i) => `${round} ${i}`);
      for (const token of tokens) {
        const tokenHash = tokenHashOf(token);
        await insertPendingRegistration(db, { email, passwordHash: token, tokenHash, lifeSeconds: 60 });
      }
      const taken = await Promise.all(
        tokens.map((token) => db.transaction((tx) => takePendingRegistration(tx, tokenHashOf(token)))),
      );
      const [won, ...more] = taken.filter((one) => one !== undefined);
      assert.equal(more.length, 0);
      assert.deepEqual(won, { email, passwordHash: tokens[taken.indexOf(won)] });
    }
    assert.deepEqual(
      await db.query({ name: 'test-left', text: 'select from pending_registrations', values: [] }),
      [],
    );
  } finally {
    await db.close();
  }
});
