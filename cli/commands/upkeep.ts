// `pi upkeep`: what only the owner of the schema may do, and has to be done by the clock. A service that has the owner's
// connection does it by itself.

import { keepAuditMonths } from '@pi-gateway/auth/db/keep-audit-months.ts';
import { dropMonths, monthStart } from '@pi-gateway/auth/sealing/drop-months.ts';
import type { Command } from 'commander';
import { type CliSettings, readCliSettings } from '../auth-settings.ts';
import { type Io, printAnswer } from '../io.ts';
import { readAuditSealKey } from '../read-master-key.ts';
import { openOwnerDatabase } from '../with-database.ts';

export function addUpkeep(parent: Command, io: Io): void {
  parent
    .command('upkeep')
    .description('make the coming months of the audit log, and drop those past AUDIT_RETENTION_MONTHS; daily')
    .option('--json', 'answer as JSON')
    .action(async (options: { json?: true }) => {
      const settings = readCliSettings(io);
      await keepAuditMonths(settings.ownerUrl);
      const events = await dropOldMonths(settings);
      const text = `the coming months are there; ${events} old events are gone`;
      printAnswer(io, { text, json: { events_dropped: events } }, options.json);
    });
}

/** How many events; what no seal holds yet stays until the next time. */
async function dropOldMonths(settings: CliSettings): Promise<number> {
  const months = settings.auditRetentionMonths;
  if (months === 'off') return 0;
  const sealKey = readAuditSealKey(settings);
  const before = monthStart(Date.now(), months);
  const dropped = await openOwnerDatabase(settings, (db) =>
    dropMonths(db, { sealKey, before, via: 'retention' }),
  );
  return dropped.kind === 'dropped' ? dropped.events : 0;
}
