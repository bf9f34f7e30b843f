// `pi restore`: a backup into an empty database. What was revoked before the backup stays revoked; since nobody knows
// what was revoked after it, all sessions end, unless it is said that nothing was.

import type { Command } from 'commander';
import { restoreBackup } from '../backup/restore-backup.ts';
import { withPlace } from '../database-place/with-place.ts';
import { type Io, printAnswer } from '../io.ts';
import { publishRevocations } from '../publish-revocations.ts';
import { readMasterKey } from '../read-master-key.ts';

export function addRestore(parent: Command, io: Io): void {
  parent
    .command('restore')
    .description('put a backup into an empty database, whole or not at all; all sessions end')
    .argument('<file>', 'a file that pi backup made')
    .option('--keep-sessions', 'sessions and signing keys go on: only when nothing has run since the backup')
    .option('--json', 'answer as JSON')
    .action(async (path: string, options: { keepSessions?: true; json?: true }) => {
      const restored = await withPlace(io, { mayBeNew: true }, async (settings) => {
        const done = await restoreBackup(settings.ownerUrl, {
          path,
          masterKey: readMasterKey(settings),
          keepsSessions: options.keepSessions === true,
          onProgress: (rows) => io.progress(`${rows} rows`),
        });
        await publishRevocations(settings.redisUrl, done.revocations);
        return done;
      });
      io.progress('');
      const { at, rows, sessionsEnded } = restored;
      const count = Object.values(rows).reduce((sum, one) => sum + one, 0);
      const sessions =
        options.keepSessions === true ? 'its sessions go on' : `${sessionsEnded} sessions were ended`;
      const text = `${count} rows as of ${at}; ${sessions}`;
      printAnswer(io, { text, json: { at, rows, sessions_ended: sessionsEnded } }, options.json);
    });
}
