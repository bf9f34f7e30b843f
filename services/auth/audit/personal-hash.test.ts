import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Client } from 'pg';
import { createTestDatabase } from '../../../launch/testing/test-database.ts';
import { migrate } from '../db/migrate.ts';
import { canonicalJson } from './canonical-json.ts';
import { hashPersonal, newSalt } from './personal-hash.ts';

test('the hash of a person is that of the documented bytes', () => {
  const salt = '07'.repeat(16);
  const text = `pi-audit-personal/v1\n{"data":{"account":"x"},"ip":"192.0.2.1","salt":"${salt}","user_agent":"a\\"\\n\u2028"}`;
  const person = { ip: '192.0.2.1', userAgent: 'a"\n\u2028', data: { account: 'x' } };
  assert.equal(hashPersonal(person, salt), createHash('sha256').update(text).digest('hex'));
});

test('a database that takes the events of the version before hashes their persons to the same', async (t) => {
  const { url } = await createTestDatabase();
  await migrate(url, 'up');
  const client = new Client({ connectionString: url });
  await client.connect();
  t.after(() => client.end());
  const text = fc.string({ unit: 'binary', maxLength: 40 }).map((raw) => raw.replaceAll('\0', ''));
  const optional = fc.option(text);
  const persons = fc.sample(fc.record({ ip: optional, userAgent: optional, account: optional }), 500);
  const given = persons
    .map(({ account, ...person }) => ({ ...person, data: account === null ? null : { account } }))
    .filter((person) => Object.values(person).some((value) => value !== null))
    .map((person) => ({ ...person, salt: newSalt() }));
  const { rows } = await client.query<{ hash: string }>(
    `select encode(audit_personal_hash(salt, ip, user_agent, data), 'hex') as hash
      from unnest($1::bytea[], $2::text[], $3::text[], $4::text[]) with ordinality
        as given (salt, ip, user_agent, data, nth) order by nth`,
    [
      given.map(({ salt }) => salt),
      given.map(({ ip }) => ip),
      given.map(({ userAgent }) => userAgent),
      given.map(({ data }) => (data === null ? null : canonicalJson(data))),
    ],
  );
  assert.deepEqual(
    rows.map(({ hash }) => hash),
    given.map(({ salt, ...person }) => hashPersonal(person, salt.toString('hex'))),
  );
});
