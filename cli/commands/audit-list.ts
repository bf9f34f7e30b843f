// `pi audit list`: what happened, newest first.

import { type AuditEventName, auditEventNames } from '@pi-gateway/auth/audit/audit-event.ts';
import { encodeAuditEvent } from '@pi-gateway/auth/http/encode-rows.ts';
import type { StoredAuditEvent } from '@pi-gateway/auth/store/audit-events.ts';
import { listAuditEvents } from '@pi-gateway/auth/store/audit-search.ts';
import { type Command, Option } from 'commander';
import { formatTable, type Io, printAnswer } from '../io.ts';
import { readLimit } from '../read-limit.ts';
import { recordOperatorRead } from '../record-operator-read.ts';
import { withDatabase } from '../with-database.ts';

type Options = {
  event?: AuditEventName;
  target?: string;
  actor?: string;
  ip?: string;
  limit: number;
  json?: true;
};

export function addAuditList(parent: Command, io: Io): void {
  parent
    .command('list')
    .description('list audit events, newest first')
    .addOption(new Option('--event <name>', 'only this event').choices(auditEventNames))
    .option('--target <id>', 'only what concerns this user')
    .option('--actor <id>', 'only what this user did')
    .option('--ip <address>', 'only what came from this address')
    .option('--limit <count>', 'at most so many (1 to 200)', readLimit, 50)
    .option('--json', 'answer as JSON')
    .action(async (options: Options) => {
      const filter = {
        event: options.event,
        actorId: options.actor,
        targetId: options.target,
        ip: options.ip,
        fromId: undefined,
        untilId: undefined,
      };
      const events = await withDatabase(io, async (db) => {
        const read = await listAuditEvents(db, filter, undefined, options.limit);
        const asked = { event: options.event, actor_id: options.actor, target_id: options.target };
        await recordOperatorRead(db, 'audit.listed', asked, { ip: options.ip });
        return read;
      });
      const text = formatTable(events.map(eventRow), 'no events');
      printAnswer(io, { text, json: { items: events.map(encodeAuditEvent) } }, options.json);
    });
}

function eventRow(stored: StoredAuditEvent): Record<string, string> {
  const { at, event, outcome, actor_id, target_id, ip } = encodeAuditEvent(stored);
  return { at, event, outcome, actor_id: actor_id ?? '-', target_id: target_id ?? '-', ip: ip ?? '-' };
}
