// Writes down what came of an attempt: delivered, to be tried again, or given up; and when its endpoint is not to be tried
// any more, that with its event.

import { noOrigin } from '../audit/audit-event.ts';
import type { Database } from '../db/database.ts';
import {
  decideWebhookOutcome,
  type WebhookAnswer,
  type WebhookOutcome,
} from '../domain/decide-webhook-outcome.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import { type ClaimedDelivery, settleDelivered, settleFailed } from '../store/webhook-deliveries.ts';
import { lockWebhookEndpoint, markWebhookFailing, setWebhookDisabled } from '../store/webhook-endpoints.ts';

/** Undefined: the endpoint was removed meanwhile, and its deliveries with it. */
export async function settleAttempt(
  db: Database,
  delivery: ClaimedDelivery,
  answer: WebhookAnswer,
): Promise<WebhookOutcome | undefined> {
  const { endpointId, attempts } = delivery;
  const first = decideWebhookOutcome({ answer, attempts, failingSeconds: 0 }, 0);
  if (first.kind === 'delivered') {
    await settleDelivered(db, delivery);
    return first;
  }
  return db.transaction(async (tx) => {
    const endpoint = await lockWebhookEndpoint(tx, endpointId);
    if (endpoint === undefined) return undefined;
    const failingSeconds = await markWebhookFailing(tx, endpointId);
    const outcome = decideWebhookOutcome({ answer, attempts, failingSeconds }, Math.random());
    if (outcome.kind === 'delivered') return outcome;
    const { kind, afterSeconds, failure, disable } = outcome;
    await settleFailed(tx, { ...delivery, isDead: kind === 'dead', afterSeconds, failure });
    if (disable !== undefined && endpoint.disabledAt === null) {
      await setWebhookDisabled(tx, endpointId, disable);
      await insertAuditEvent(tx, {
        ...noOrigin,
        event: 'webhook.disabled',
        outcome: 'success',
        actorId: null,
        targetId: null,
        sessionId: null,
        data: { webhook_id: endpointId, reason: disable, failure },
      });
    }
    return outcome;
  });
}
