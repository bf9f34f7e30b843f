// `pi keys change-master`: another master key, with all auth processes stopped. Afterwards the services are started
// with the new one, and everybody signs in again.

import { readFileSync } from 'node:fs';
import type { Database } from '@pi-gateway/auth/db/database.ts';
import { changeMasterKey } from '@pi-gateway/auth/keys/change-master-key.ts';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { withPlace } from '../database-place/with-place.ts';
import { type Io, printAnswer } from '../io.ts';
import { publishRevocations } from '../publish-revocations.ts';
import { readMasterKey } from '../read-master-key.ts';
import { openOwnerDatabase } from '../with-database.ts';

export function addKeysChangeMaster(parent: Command, io: Io): void {
  parent
    .command('change-master')
    .description('exchange the master key, with auth stopped; all sessions end')
    .argument('<file>', 'a file with the new key, as openssl rand -hex 32 makes it')
    .option('--json', 'answer as JSON')
    .action(async (path: string, { json }: { json?: true }) => {
      const next = readNewKey(path);
      const ended = await withPlace(io, { purpose: 'whose master key to exchange' }, async (settings) => {
        const present = readMasterKey(settings);
        if (next.equals(present)) throw new CliError(1, 'the new master key is the old one');
        const changed = await openOwnerDatabase(settings, async (db) => {
          await refuseBesideAuth(db);
          return changeMasterKey(db, present, next);
        });
        await publishRevocations(settings.redisUrl, changed.revocations);
        return changed.sessionsEnded;
      });
      const text = `the master key is exchanged, and ${ended} sessions were ended: start the services with the key of ${path}`;
      printAnswer(io, { text, json: { sessions_ended: ended } }, json);
    });
}

/** Never from an argument, which others could read in the process list. */
function readNewKey(path: string): Buffer {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new CliError(1, `cannot read ${path} (${(error as NodeJS.ErrnoException).code})`);
  }
  if (!/^[0-9a-f]{64}$/i.test(text)) {
    throw new CliError(1, `${path} holds no master key: make one by openssl rand -hex 32`);
  }
  return Buffer.from(text, 'hex');
}

/** As far as this user may see the others. */
async function refuseBesideAuth(db: Database): Promise<void> {
  const [row] = await db.query<{ count: number }>({
    name: 'count-auth-connections',
    text: `select count(*)::int as count from pg_stat_activity
      where application_name = 'pi-auth' and datname = current_database() and pid <> pg_backend_pid()`,
    values: [],
  });
  if (row!.count > 0) throw new CliError(1, 'auth is running on this database: stop all its processes first');
}
