// `pi audit tail`: the newest events in the order of the log, and with --follow what comes after, until it is stopped.

import { type AuditEventName, auditEventNames } from '@pi-gateway/auth/audit/audit-event.ts';
import { encodeAuditEvent } from '@pi-gateway/auth/http/encode-rows.ts';
import { findTailEnd, readTailBefore, type TailEvent } from '@pi-gateway/auth/store/audit-tail.ts';
import { followTail } from '@pi-gateway/auth/tail/audit-tail.ts';
import { type Command, Option } from 'commander';
import type { Io } from '../io.ts';
import { readLimit } from '../read-limit.ts';
import { recordOperatorRead } from '../record-operator-read.ts';
import { withDatabase } from '../with-database.ts';

type Options = {
  event?: AuditEventName;
  actor?: string;
  target?: string;
  ip?: string;
  limit: number;
  follow?: true;
  json?: true;
};

/** Older ones are what `pi audit list` is for. */
const lookBackMax = 10_000;

export function addAuditTail(parent: Command, io: Io): void {
  parent
    .command('tail')
    .description('show the newest events, the newest last, and go on with what comes')
    .addOption(new Option('--event <name>', 'only this event').choices(auditEventNames))
    .option('--target <id>', 'only what concerns this user')
    .option('--actor <id>', 'only what this user did')
    .option('--ip <address>', 'only what came from this address')
    .option('--limit <count>', 'begin with so many (1 to 200)', readLimit, 20)
    .option('-f, --follow', 'go on with what comes, until it is stopped')
    .option('--json', 'one JSON document a line')
    .action(async ({ event, actor, target, ip, limit, follow, json }: Options) => {
      const filter = { event, actorId: actor, targetId: target, ip };
      const show = (events: readonly TailEvent[]) => {
        for (const one of events) io.out(`${json === true ? encodeJson(one) : encodeLine(one)}\n`);
      };
      await withDatabase(io, async (db) => {
        const end = await findTailEnd(db);
        const newest = await readTailBefore(db, end, filter, limit, lookBackMax);
        await recordOperatorRead(db, 'audit.listed', { event, actor_id: actor, target_id: target }, { ip });
        show(newest);
        if (follow !== true) return;
        for await (const events of followTail(db, end, filter)) show(events);
      });
    });
}

const encodeJson = (event: TailEvent) => JSON.stringify(encodeAuditEvent(event));

function encodeLine(event: TailEvent): string {
  const { at, event: name, outcome, actor_id, target_id, ip, data } = encodeAuditEvent(event);
  const ids = `actor ${actor_id ?? '-'}  target ${target_id ?? '-'}  ip ${ip ?? '-'}`;
  return `${at}  ${name.padEnd(20)}  ${outcome.padEnd(7)}  ${ids}  ${JSON.stringify(data)}`;
}
