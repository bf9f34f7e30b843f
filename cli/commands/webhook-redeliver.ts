// `pi webhook redeliver`: sends events again, under the ids they had.

import { redeliverWebhook } from '@pi-gateway/auth/webhooks/change-webhooks.ts';
import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { type Io, printAnswer } from '../io.ts';
import { onWebhook } from '../webhook-endpoint.ts';
import { withDatabase } from '../with-database.ts';

const eventsMax = 1000;

export function addWebhookRedeliver(parent: Command, io: Io): void {
  parent
    .command('redeliver')
    .description('send events to a webhook again, under the ids they had')
    .argument('<id>', 'its id, as pi webhook list shows it')
    .argument('[event-id...]', 'which events of the log, sent before or not')
    .option('--dead', 'all that were given up')
    .option('--json', 'answer as JSON')
    .action(async (id: string, eventIds: string[], { dead, json }: { dead?: true; json?: true }) => {
      if ((dead === true) === eventIds.length > 0)
        throw new CliError(1, 'give either ids of events or --dead');
      if (eventIds.length > eventsMax) throw new CliError(1, `give at most ${eventsMax} ids of events`);
      const unknown = eventIds.find((eventId) => !isUuidV7(eventId));
      if (unknown !== undefined) throw new CliError(1, `${unknown} is no id of an event`);
      const count = await onWebhook(id, () =>
        withDatabase(io, (db) => redeliverWebhook(db, id, dead === true ? 'dead' : eventIds)),
      );
      const text = count === 1 ? '1 delivery is due again' : `${count} deliveries are due again`;
      printAnswer(io, { text, json: { deliveries: count } }, json);
    });
}
