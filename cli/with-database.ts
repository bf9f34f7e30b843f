// Opens the database for one command and closes it again.

import { type Database, type DatabaseOptions, openDatabase } from '@pi-gateway/auth/db/database.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { type CliSettings, readCliSettings } from './auth-settings.ts';
import type { Io } from './io.ts';

// Nobody waits behind a command as behind a request, and a batch of an import is more than a request.
const deadlineMs = 15_000;

// What goes through months of the audit log.
const ownerDeadlineMs = 600_000;

type Work<T> = (db: Database, settings: CliSettings) => Promise<T>;

/** Connects as the service does, with the application's role. */
export function withDatabase<T>(io: Io, work: Work<T>): Promise<T> {
  return openCommandDatabase(readCliSettings(io), work);
}

/** As `withDatabase`, with settings that were read already. */
export function openCommandDatabase<T>(settings: CliSettings, work: Work<T>): Promise<T> {
  return run(settings, { url: settings.databaseUrl, deadlineMs }, work);
}

/** Connects as the owner of the schema, for what the application's role must not do. */
export function withOwnerDatabase<T>(io: Io, work: Work<T>): Promise<T> {
  return openOwnerDatabase(readCliSettings(io), work);
}

/** As `withOwnerDatabase`, with settings that were read already. */
export function openOwnerDatabase<T>(settings: CliSettings, work: Work<T>): Promise<T> {
  return run(settings, { url: settings.ownerUrl, deadlineMs: ownerDeadlineMs, asOwner: true }, work);
}

async function run<T>(
  settings: CliSettings,
  options: Omit<DatabaseOptions, 'poolMax' | 'log'>,
  work: Work<T>,
): Promise<T> {
  const log = createLog({ service: 'pi', level: 'error' });
  const db = openDatabase({ ...options, poolMax: 1, log });
  try {
    return await work(db, settings);
  } finally {
    await db.close();
  }
}
