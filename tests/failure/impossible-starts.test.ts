// A start that cannot succeed ends at once, with an exit code and one line that says why: a supervisor tries again, a
// person reads the line. Nothing secret stands in it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { migrate } from '@pi-gateway/auth/db/migrate.ts';
import { Client } from 'pg';
import { createTestDatabase } from '../../launch/testing/test-database.ts';
import { throwawayFolder } from '../../launch/testing/throwaway-folder.ts';

type Settings = Readonly<Record<string, string>>;

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = throwawayFolder();
const startMsMax = 30_000;
const masterKey = 'ab'.repeat(32);
const rightPassword = 'a-database-password';

async function assertImpossible(
  service: 'auth' | 'gateway',
  settings: Settings,
  line: RegExp,
): Promise<void> {
  const child = spawn(process.execPath, [`services/${service}/main.ts`], {
    cwd: root,
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'silent', MASTER_KEY: masterKey, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  const tooLate = setTimeout(() => child.kill('SIGKILL'), startMsMax);
  await once(child, 'close');
  clearTimeout(tooLate);
  assert.equal(child.exitCode, 1, said || 'it started');
  const lines = said.trim().split('\n');
  assert.equal(lines.length, 1, said);
  assert.match(lines[0]!, line);
  assert.ok(!said.includes(masterKey) && !said.includes(rightPassword), 'no secret in it');
}

async function withClient(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client(url);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** A migrated database to which something was done. */
async function spoiltDatabase(statement: string): Promise<string> {
  const { url, superuserUrl } = await createTestDatabase();
  await migrate(url, 'up');
  await withClient(superuserUrl, (client) => client.query(statement));
  return url;
}

/** A role that has to give its password, as in production; our own servers trust whoever reaches their socket. */
async function lockedUrl(password: string): Promise<string> {
  const { url, superuserUrl } = await createTestDatabase();
  await withClient(superuserUrl, async (client) => {
    await client.query(`create role locked login password '${rightPassword}'`);
    // The first rule that fits decides. The server's own folder is where the program runs.
    await client.query(
      `copy (select 'local all locked scram-sha-256') to program 'cat - pg_hba.conf > hba && mv hba pg_hba.conf'`,
    );
    await client.query('select pg_reload_conf()');
  });
  const locked = new URL(url);
  locked.username = 'locked';
  locked.password = password;
  return locked.href;
}

describe('auth', { concurrency: 4 }, () => {
  const ports = { AUTH_PORT: '0', AUTH_METRICS_PORT: 'off', DATA_DIR: folder };
  const refused = (settings: Settings, line: RegExp) =>
    assertImpossible('auth', { ...ports, ...settings }, line);
  let url: string;
  before(async () => {
    url = (await createTestDatabase()).url;
  });

  test('does not start without its secrets', async () => {
    await refused({ DATABASE_URL: url, MASTER_KEY: '' }, /^auth: MASTER_KEY: must be set/);
    const path = join(folder, 'nowhere');
    await refused({ DATABASE_URL: url, MASTER_KEY: '', MASTER_KEY_FILE: path }, /^auth: MASTER_KEY_FILE: /);
    const empty = join(folder, 'empty');
    writeFileSync(empty, '\n');
    await refused(
      { DATABASE_URL: url, MASTER_KEY: '', MASTER_KEY_FILE: empty },
      /^auth: MASTER_KEY(?:_FILE)?: /,
    );
  });

  test('does not start with a wrong password of the database', async () => {
    const locked = await lockedUrl('another-password');
    await refused(
      { DATABASE_URL: locked },
      /^auth: DATABASE_URL: password authentication failed for user "locked"$/,
    );
  });

  test('does not start on a database or as a user that there is not', async () => {
    const other = new URL(url);
    other.pathname = '/nowhere';
    await refused({ DATABASE_URL: other.href }, /^auth: DATABASE_URL: database "nowhere" does not exist$/);
    other.username = 'nobody';
    await refused({ DATABASE_URL: other.href }, /^auth: DATABASE_URL: role "nobody" does not exist$/);
  });

  test('does not start on a database that nobody answers for', async () => {
    const gone = `postgres://pi@localhost/pi?host=${encodeURIComponent(join(folder, 'gone'))}`;
    await refused({ DATABASE_URL: gone }, /^auth: DATABASE_URL: connect ENOENT /);
  });

  test('does not start on a schema that is newer than it can use', async () => {
    const newer = await spoiltDatabase(`insert into code_needed values ('9999_drops_a_column')`);
    await refused(
      { DATABASE_URL: newer },
      /^auth: DATABASE_URL: the schema is newer than this version, which does not know its migration 9999_drops_a_column$/,
    );
  });

  test('does not start on a schema that lost a table', async () => {
    const broken = await spoiltDatabase('drop table signing_keys');
    await refused({ DATABASE_URL: broken }, /^auth: cannot start: relation "signing_keys" does not exist$/);
  });

  test('does not start with signing keys that were tampered with', async () => {
    const tampered = await spoiltDatabase(
      `insert into signing_keys values ('x', '{}', '\\x00', now(), now())`,
    );
    await refused({ DATABASE_URL: tampered }, /^auth: (?:MASTER_KEY|cannot start): /);
  });
});

describe('gateway', { concurrency: 4 }, () => {
  const ports = { GATEWAY_PORT: '0', GATEWAY_METRICS_PORT: 'off', GATEWAY_ACCESS_LOG: 'off' };
  const refused = (settings: Settings, line: RegExp) =>
    assertImpossible('gateway', { ...ports, ...settings }, line);

  test('does not start without its secret', async () => {
    await refused({ MASTER_KEY: '' }, /^gateway: MASTER_KEY: is missing/);
    await refused({ MASTER_KEY: 'short' }, /^gateway: MASTER_KEY: must be 32 random bytes/);
  });

  test('does not start without its file, or with one that is wrong', async () => {
    await refused({ GATEWAY_CONFIG: join(folder, 'none.yaml') }, /^gateway: .*none\.yaml/);
    const wrong = join(folder, 'wrong.yaml');
    writeFileSync(wrong, 'services: {}\nroutes:\n  - { path: /up/*, service: up }\n');
    await refused({ GATEWAY_CONFIG: wrong }, /^gateway: .*wrong\.yaml:3:\d+/);
    const text = join(folder, 'text.yaml');
    writeFileSync(text, 'services: [\n');
    await refused({ GATEWAY_CONFIG: text }, /^gateway: .*text\.yaml/);
  });
});
