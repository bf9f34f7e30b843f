// `pi webhook test`: an event made for the purpose, sent by the auth service on the way of all others. Waits for what comes
// of it.

import { setTimeout as delay } from 'node:timers/promises';
import type { Queryable } from '@pi-gateway/auth/db/database.ts';
import { findWebhookDelivery, type WebhookDeliveryKey } from '@pi-gateway/auth/store/webhook-deliveries.ts';
import { testWebhook } from '@pi-gateway/auth/webhooks/change-webhooks.ts';
import { webhookIdOf } from '@pi-gateway/auth/webhooks/webhook-message.ts';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { type Io, printAnswer } from '../io.ts';
import { onWebhook } from '../webhook-endpoint.ts';
import { withDatabase } from '../with-database.ts';

// An attempt may take ten seconds, and auth looks every second.
const waitMs = 15_000;
const askMs = 200;

export function addWebhookTest(parent: Command, io: Io): void {
  parent
    .command('test')
    .description('send an event made for the purpose and wait for the answer')
    .argument('<id>', 'its id, as pi webhook list shows it')
    .option('--json', 'answer as JSON')
    .action(async (id: string, options: { json?: true }) => {
      await withDatabase(io, async (db) => {
        const key = await onWebhook(id, () => testWebhook(db, id));
        const failure = await waitForAttempt(db, key);
        if (failure !== undefined) throw new CliError(1, `${id} did not take it: ${failure}`);
        const delivery = webhookIdOf(key);
        const answer = {
          text: `delivered as ${delivery}`,
          json: { webhook_id: delivery, event_id: key.eventId },
        };
        printAnswer(io, answer, options.json);
      });
    });
}

/** Undefined when it was delivered. */
async function waitForAttempt(db: Queryable, key: WebhookDeliveryKey): Promise<string | undefined> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const delivery = await findWebhookDelivery(db, key);
    if (delivery === undefined) return 'it was removed';
    if (delivery.state === 'delivered') return undefined;
    if (delivery.lastFailure !== null) return delivery.lastFailure;
    if (performance.now() > deadline)
      return 'no attempt yet; is an auth service running, and the webhook enabled?';
    await delay(askMs);
  }
}
