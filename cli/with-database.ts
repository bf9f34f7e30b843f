// Opens the database for one command and closes it again.

import { type Database, openDatabase } from '@pi-gateway/auth/db/database.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { type CliSettings, readCliSettings } from './auth-settings.ts';
import type { Io } from './io.ts';

// Nobody waits behind a command as behind a request, and a batch of an import is more than a request.
const deadlineMs = 15_000;

/** Connects as the service does, with the application's role. */
export async function withDatabase<T>(
  io: Io,
  work: (db: Database, settings: CliSettings) => Promise<T>,
): Promise<T> {
  const settings = readCliSettings(io);
  const log = createLog({ service: 'pi', level: 'error' });
  const db = openDatabase({ url: settings.databaseUrl, poolMax: 1, log, deadlineMs });
  try {
    return await work(db, settings);
  } finally {
    await db.close();
  }
}
