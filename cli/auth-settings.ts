// The settings of the auth service as the commands need them: the same table and the same names, only that
// database and Redis may be those of a run that is up on DATA_DIR, and that only the commands which make signing
// keys need the master key.

import { authSettings } from '@pi-gateway/auth/auth-settings.ts';
import { readSettings, type Settings } from '@pi-gateway/env/settings.ts';
import { readRunState } from '../launch/data-dir-lock.ts';
import { CliError } from './cli-error.ts';
import type { Io } from './io.ts';

export type CliSettings = Settings<typeof authSettings> & {
  readonly databaseUrl: string;
  /** May change the schema. */
  readonly ownerUrl: string;
};

/** @throws {CliError | SettingError} when there is no database to speak to, or a setting is malformed. */
export function readCliSettings(io: Pick<Io, 'env'>): CliSettings {
  const settings = readSettings(authSettings, io.env);
  const run = readRunState(settings.dataDir);
  const databaseUrl = settings.databaseUrl ?? run?.databaseUrl;
  if (databaseUrl === undefined) {
    throw new CliError(
      3,
      `no database: set DATABASE_URL, or start the run (npm start) that keeps its data in ${settings.dataDir}`,
    );
  }
  return {
    ...settings,
    databaseUrl,
    ownerUrl: settings.databaseOwnerUrl ?? databaseUrl,
    redisUrl: settings.redisUrl ?? run?.redisUrl,
  };
}

/** What limits and revocations are shared by: as set, or as the run on DATA_DIR has it. @throws {SettingError} */
export function readRedisUrl(io: Pick<Io, 'env'>): string | undefined {
  const { redisUrl, dataDir } = readSettings(authSettings, io.env);
  return redisUrl ?? readRunState(dataDir)?.redisUrl;
}
