// The schema against the migrations of this version.

import { listMigrations } from '@pi-gateway/auth/db/migrate.ts';
import { listAppliedMigrations } from '@pi-gateway/auth/db/own-tables.ts';
import pg from 'pg';
import { readCliSettings } from '../auth-settings.ts';
import { describeFailure } from '../cli-error.ts';
import type { Io } from '../io.ts';
import type { Finding } from './finding.ts';

const part = 'schema';
const timeoutMs = 5000;

export async function inspectSchema(io: Io): Promise<Finding> {
  try {
    const { ownerUrl } = readCliSettings(io);
    return judgeSchema(await readApplied(ownerUrl), await listMigrations());
  } catch (error) {
    return { part, state: 'fail', detail: describeFailure(error).message };
  }
}

/** Both in order. */
export function judgeSchema(applied: readonly string[], known: readonly string[]): Finding {
  const missing = known.filter((name) => !applied.includes(name));
  const newer = applied.filter((name) => !known.includes(name));
  const newest = applied.at(-1) ?? 'none';
  if (missing.length > 0) {
    const detail = `at ${newest}; ${missing.join(', ')} to come: run npx pi migrate, or start auth`;
    return { part, state: applied.length === 0 ? 'fail' : 'warn', detail };
  }
  return newer.length > 0
    ? {
        part,
        state: 'warn',
        detail: `at ${newest}, which this version does not know: a newer one runs on it`,
      }
    : { part, state: 'ok', detail: `at ${newest}` };
}

async function readApplied(connectionString: string): Promise<string[]> {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    application_name: 'pi-doctor',
  });
  client.on('error', () => undefined); // a lost connection also fails the query that runs
  await client.connect();
  try {
    return await listAppliedMigrations(client);
  } finally {
    await client.end();
  }
}
