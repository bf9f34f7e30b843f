// `pi audit drop-before`: removes the months before a time from the audit log, for good, and seals that it did.

import { type Dropped, dropMonths, monthStart } from '@pi-gateway/auth/sealing/drop-months.ts';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { type Io, printAnswer } from '../io.ts';
import { readAuditSealKey } from '../read-master-key.ts';
import { type GivenTime, readTime } from '../read-time.ts';
import { withOwnerDatabase } from '../with-database.ts';

export function addAuditDropBefore(parent: Command, io: Io): void {
  parent
    .command('drop-before')
    .description(
      'remove the months before the one of a time (UTC) from the audit log, for good; the log tells of it',
    )
    .argument('<time>', 'RFC 3339, or a day', readTime)
    .option('--json', 'answer as JSON')
    .action(async ({ millis }: GivenTime, options: { json?: true }) => {
      const dropped = await withOwnerDatabase(io, (db, settings) =>
        dropMonths(db, { sealKey: readAuditSealKey(settings), before: millis, via: 'pi' }),
      );
      const before = new Date(monthStart(millis)).toISOString();
      const events = dropped.kind === 'dropped' ? dropped.events : 0;
      printAnswer(io, { text: describe(dropped, before), json: { before, events } }, options.json);
    });
}

function describe(dropped: Dropped, before: string): string {
  switch (dropped.kind) {
    case 'nothing':
      return `there is nothing before ${before}`;
    case 'not_sealed':
      throw new CliError(1, 'some of it is not sealed yet: try again in AUDIT_SEAL_SECONDS');
    case 'dropped':
      return `${dropped.events} events before ${before} are gone; seal ${dropped.seal.statement.number} states it`;
    default:
      return dropped satisfies never;
  }
}
