// `pi audit export`: the audit log, or a time of it, as a file. It is made for its owner alone, for it tells of persons;
// that it was made stands in the log itself before its first line.

import { noOrigin } from '@pi-gateway/auth/audit/audit-event.ts';
import { readSnapshot } from '@pi-gateway/auth/db/read-snapshot.ts';
import { insertAuditEvent } from '@pi-gateway/auth/store/audit-events.ts';
import { uuidV7Floor } from '@pi-gateway/uuid/uuid-v7.ts';
import { type Command, Option } from 'commander';
import { exportFormats } from '../audit/export-formats.ts';
import { type Exported, type ExportTarget, type ExportWish, exportLog } from '../audit/export-log.ts';
import { openResumableFile } from '../audit/resumable-file.ts';
import { type Io, printAnswer } from '../io.ts';
import { type GivenTime, readTime } from '../read-time.ts';
import { withDatabase } from '../with-database.ts';

type Options = { format: string; from?: GivenTime; to?: GivenTime; json?: true };

export function addAuditExport(parent: Command, io: Io): void {
  parent
    .command('export')
    .description('write the audit log to a file; run it again after an interruption and it goes on')
    .argument('<file>', 'the file to make, or - for standard output')
    .addOption(
      new Option('--format <name>', 'of the file').choices(Object.keys(exportFormats)).default('ndjson'),
    )
    .option('--from <time>', 'only what happened from then on (RFC 3339, or a day)', readTime)
    .option('--to <time>', 'only what happened until then', readTime)
    .option('--json', 'answer as JSON')
    .action(async (path: string, { format, from, to, json }: Options) => {
      const wish = {
        format: exportFormats[format]!,
        from: from?.text,
        to: to?.text,
        fromId: from && uuidV7Floor(from.millis * 1000),
        untilId: to && uuidV7Floor((to.millis + 1) * 1000),
      };
      if (path === '-') {
        await run(io, wish, { resumed: undefined, write: io.out, checkpoint: () => undefined });
        return;
      }
      const file = openResumableFile<Exported>(path, JSON.stringify([format, wish.from, wish.to]));
      try {
        const { events, seals } = await run(io, wish, file);
        file.finish();
        const text = `${events} events under ${seals} seals in ${path}`;
        printAnswer(io, { text, json: { events, seals } }, json);
      } finally {
        file.close();
      }
    });
}

async function run(io: Io, wish: ExportWish, target: ExportTarget): Promise<Exported> {
  return withDatabase(io, async (db, { databaseUrl }) => {
    await insertAuditEvent(db, {
      ...noOrigin,
      event: 'audit.exported',
      outcome: 'success',
      actorId: null,
      targetId: null,
      sessionId: null,
      data: { via: 'pi', from: wish.from ?? null, to: wish.to ?? null },
    });
    const exported = await readSnapshot(databaseUrl, (snapshot) =>
      exportLog(snapshot, wish, target, ({ events, seals }) =>
        io.progress(`${events} events under ${seals} seals`),
      ),
    );
    io.progress('');
    return exported;
  });
}
