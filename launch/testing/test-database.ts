// A real PostgreSQL for tests: one server per test process, a fresh database per call. It is started at the
// first call, does not keep the process alive, and its guard stops and removes it when the process ends.
// `npm test` makes the cluster once and names it in PI_TEST_CLUSTER; a single test file makes its own.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@pi-gateway/log/log.ts';
import { Client } from 'pg';
import { type RunningPostgres, startPostgres } from '../postgres.ts';
import { databaseOwner } from '../postgres-cluster.ts';

export type TestDatabase = {
  /** Of the owner role, which is no superuser; for migrations, and for DATABASE_URL. */
  readonly url: string;
  /** Of the superuser, in the same database. */
  readonly superuserUrl: string;
  /** The server under it, for tests that stop or kill it. */
  readonly server: RunningPostgres;
};

let server: Promise<RunningPostgres> | undefined;

/** Tests share it: one that stops a server starts its own by `startPostgres`. */
async function startTestPostgres(): Promise<RunningPostgres> {
  const removeDir = await mkdtemp(join(process.getuid?.() === 0 ? '/tmp' : tmpdir(), 'pi-test-'));
  await chmod(removeDir, 0o711);
  const dir = join(removeDir, 'postgres');
  const template = process.env.PI_TEST_CLUSTER;
  // With its owner, which node:fs would not keep.
  if (template !== undefined) execFileSync('cp', ['-a', template, dir]);
  const log = createLog({ service: 'test', level: 'silent' });
  const postgres = await startPostgres({ dir, log, throwaway: { removeDir } });
  postgres.unref();
  return postgres;
}

/** An empty database of its own on the server of this test process. */
export async function createTestDatabase(): Promise<TestDatabase> {
  server ??= startTestPostgres();
  const running = await server;
  const name = `test_${randomBytes(6).toString('hex')}`;
  const client = new Client({ connectionString: running.superuserUrl });
  await client.connect();
  await client.query(`CREATE DATABASE ${name} OWNER ${databaseOwner.role} STRATEGY file_copy`);
  await client.end();
  const named = (url: string) => {
    const named = new URL(url);
    named.pathname = `/${name}`;
    return named.href;
  };
  return { url: named(running.ownerUrl), superuserUrl: named(running.superuserUrl), server: running };
}
