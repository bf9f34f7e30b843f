// PostgreSQL: reachable, new enough, and at the schema of this version.

import { withMigrationLock } from '@pi-gateway/auth/db/migrate.ts';
import { readCliSettings } from '../auth-settings.ts';
import { describeFailure } from '../cli-error.ts';
import type { Io } from '../io.ts';
import type { Finding } from './finding.ts';

const part = 'PostgreSQL';
const oldestMajor = 15;

export async function inspectDatabase(io: Io): Promise<Finding> {
  try {
    const { ownerUrl } = readCliSettings(io);
    const version = await withMigrationLock(ownerUrl, async (client) => {
      const { rows } = await client.query<{ version: string }>(
        `select current_setting('server_version') as version`,
      );
      return rows[0]?.version ?? '0';
    });
    return Number.parseInt(version, 10) >= oldestMajor
      ? { part, state: 'ok', detail: `version ${version}` }
      : { part, state: 'fail', detail: `version ${version} is too old; use ${oldestMajor} or newer` };
  } catch (error) {
    return { part, state: 'fail', detail: describeFailure(error).message };
  }
}
