// `pi webhook deliveries`: what waits, what arrived lately, what was given up.

import { listWebhookDeliveries, type WebhookDelivery } from '@pi-gateway/auth/store/webhook-deliveries.ts';
import { webhookIdOf } from '@pi-gateway/auth/webhooks/webhook-message.ts';
import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { type Command, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import { formatTable, type Io, printAnswer } from '../io.ts';
import { readLimit } from '../read-limit.ts';
import { encodeTime } from '../webhook-endpoint.ts';
import { withDatabase } from '../with-database.ts';

type Options = { state?: WebhookDelivery['state']; limit: number; json?: true };

export function addWebhookDeliveries(parent: Command, io: Io): void {
  parent
    .command('deliveries')
    .description('list deliveries, the newest event first')
    .argument('[id]', 'only to this webhook')
    .addOption(new Option('--state <state>', 'only these').choices(['pending', 'delivered', 'dead']))
    .option('--limit <count>', 'at most so many (1 to 200)', readLimit, 50)
    .option('--json', 'answer as JSON')
    .action(async (id: string | undefined, { state, limit, json }: Options) => {
      if (id !== undefined && !isUuidV7(id)) throw new CliError(1, `there is no webhook ${id}`);
      const rows = await withDatabase(io, (db) =>
        listWebhookDeliveries(db, { endpointId: id, state }, limit),
      );
      const items = rows.map(encodeDelivery);
      const text = formatTable(
        items.map(({ event_id, state, attempts, next_attempt_at, last_failure, endpoint_id }) => ({
          event_id,
          state,
          attempts: String(attempts),
          next_attempt_at: next_attempt_at ?? '-',
          last_failure: last_failure ?? '-',
          endpoint_id,
        })),
        'no deliveries',
      );
      printAnswer(io, { text, json: { items } }, json);
    });
}

function encodeDelivery(delivery: WebhookDelivery) {
  const { endpointId, eventId, state, attempts, dueAt, settledAt, lastFailure } = delivery;
  return {
    webhook_id: webhookIdOf(delivery),
    endpoint_id: endpointId,
    event_id: eventId,
    state,
    attempts,
    next_attempt_at: state === 'pending' ? encodeTime(dueAt) : null,
    settled_at: encodeTime(settledAt),
    last_failure: lastFailure,
  };
}
