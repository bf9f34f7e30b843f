// `pi backup`: the whole database as one file. The master key is not in it; without that key no part of it can sign.

import { noOrigin } from '@pi-gateway/auth/audit/audit-event.ts';
import { insertAuditEvent } from '@pi-gateway/auth/store/audit-events.ts';
import type { Command } from 'commander';
import { checkFree, writeBackup } from '../backup/write-backup.ts';
import { withPlace } from '../database-place/with-place.ts';
import { type Io, printAnswer } from '../io.ts';
import { openCommandDatabase } from '../with-database.ts';

export function addBackup(parent: Command, io: Io): void {
  parent
    .command('backup')
    .description('write the database, as it is at one instant, to a file; the master key is not in it')
    .argument('<file>', 'the file to make; it is readable by its owner alone')
    .option('--json', 'answer as JSON')
    .action(async (path: string, { json }: { json?: true }) => {
      checkFree(path);
      const made = await withPlace(io, { purpose: 'to back up' }, async (settings) => {
        await openCommandDatabase(settings, (db) =>
          insertAuditEvent(db, {
            ...noOrigin,
            event: 'database.backed_up',
            outcome: 'success',
            actorId: null,
            targetId: null,
            sessionId: null,
            data: { via: 'pi' },
          }),
        );
        return writeBackup(settings.ownerUrl, path, (rows) => io.progress(`${rows} rows`));
      });
      io.progress('');
      const rows = Object.values(made.rows).reduce((sum, count) => sum + count, 0);
      const text = `${rows} rows as of ${made.at} in ${path}. Keep the master key elsewhere: without it the backup cannot be used.`;
      printAnswer(io, { text, json: made }, json);
    });
}
