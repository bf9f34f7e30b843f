// For commands that work while nothing runs, too: the database of the settings, the one of the run that is up on
// DATA_DIR, or, when none is up, that of the embedded run, whose PostgreSQL is started for as long as it takes.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { authSettings } from '@pi-gateway/auth/auth-settings.ts';
import { readSettings } from '@pi-gateway/env/settings.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { lockDataDir, readRunState } from '../../launch/data-dir-lock.ts';
import { stopLeftovers } from '../../launch/leftover.ts';
import { startPostgres } from '../../launch/postgres.ts';
import { type CliSettings, readCliSettings } from '../auth-settings.ts';
import { CliError } from '../cli-error.ts';
import type { Io } from '../io.ts';

/** `purpose`: what the command wants of the database, behind "no database"; `mayBeNew`: an empty one is made for it. */
export type Wish = { readonly purpose: string } | { readonly mayBeNew: true };

/** @throws {CliError | SettingError | LaunchError} when there is no database, or DATA_DIR cannot be used. */
export async function withPlace<T>(
  io: Io,
  wish: Wish,
  work: (settings: CliSettings) => Promise<T>,
): Promise<T> {
  const settings = readSettings(authSettings, io.env);
  const isUp = readRunState(settings.dataDir)?.databaseUrl !== undefined;
  if (settings.databaseUrl !== undefined || isUp) return work(readCliSettings(io));
  if ('purpose' in wish && !existsSync(join(settings.dataDir, 'postgres'))) {
    throw new CliError(
      3,
      `no database ${wish.purpose}: set DATABASE_URL, or DATA_DIR to the folder of a run`,
    );
  }
  const lock = lockDataDir(settings.dataDir, 'embedded');
  try {
    await stopLeftovers(lock.dir);
    const log = createLog({ service: 'pi', level: 'error' });
    const postgres = await startPostgres({ dir: join(lock.dir, 'postgres'), log });
    try {
      return await work({ ...settings, databaseUrl: postgres.ownerUrl, ownerUrl: postgres.ownerUrl });
    } finally {
      await postgres.stop();
    }
  } finally {
    lock.release();
  }
}
