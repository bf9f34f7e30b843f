// `pi webhook add`: sends audit events to a URL from now on. The secret is shown this once.

import { type AuditEventName, auditEventNames } from '@pi-gateway/auth/audit/audit-event.ts';
import { addWebhook, endpointsMax } from '@pi-gateway/auth/webhooks/change-webhooks.ts';
import { readWebhookUrl } from '@pi-gateway/auth/webhooks/webhook-url.ts';
import { type Command, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import { type Io, printAnswer } from '../io.ts';
import { readWebhookKey } from '../read-master-key.ts';
import { withDatabase } from '../with-database.ts';

type Options = { event?: AuditEventName[]; json?: true };

export function addWebhookAdd(parent: Command, io: Io): void {
  parent
    .command('add')
    .description('send audit events to a URL from now on; shows the secret that signs them, this once')
    .argument('<url>', 'where to')
    .addOption(new Option('--event <name...>', 'only these events').choices(auditEventNames))
    .option('--json', 'answer as JSON')
    .action(async (text: string, { event: events = [], json }: Options) => {
      const added = await withDatabase(io, (db, settings) => {
        const url = judgeUrl(text, settings.webhookAllowPrivate === 'on');
        const wanted = events.length === 0 ? null : [...new Set(events)];
        return addWebhook(db, readWebhookKey(settings), { url, events: wanted });
      });
      if (added === undefined) throw new CliError(1, `there are ${endpointsMax} webhooks already`);
      const lines = [`webhook  ${added.id}`, `secret   ${added.secret}`, 'The secret is shown this once.'];
      printAnswer(io, { text: lines.join('\n'), json: added }, json);
    });
}

function judgeUrl(text: string, allowPrivate: boolean): string {
  try {
    return readWebhookUrl(text, allowPrivate);
  } catch (error) {
    throw new CliError(1, (error as Error).message);
  }
}
