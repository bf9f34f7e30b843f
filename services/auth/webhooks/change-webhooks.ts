// What an operator does with webhooks, each change with its event in one transaction. Events name an endpoint by its id and
// its host: a URL may hold a secret.

import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { type AuditEventName, noOrigin } from '../audit/audit-event.ts';
import { sealBytes } from '../crypto/sealed-bytes.ts';
import type { Database, Queryable } from '../db/database.ts';
import { insertAuditEventWithId } from '../store/audit-events.ts';
import {
  hastenDeliveries,
  queueWebhookDelivery,
  reviveDeadDeliveries,
  type WebhookDeliveryKey,
} from '../store/webhook-deliveries.ts';
import {
  deleteWebhookEndpoint,
  insertWebhookEndpoint,
  lockWebhookEndpoint,
  replaceWebhookSecret,
  setWebhookDisabled,
  type WebhookEndpoint,
} from '../store/webhook-endpoints.ts';
import { newWebhookSecret } from './webhook-message.ts';
import { hostOf } from './webhook-url.ts';

export const endpointsMax = 32;

type WebhookChange = Extract<AuditEventName, `webhook.${string}`>;
type Concerned = Pick<WebhookEndpoint, 'id' | 'url'>;

/** @returns the event's id. */
function saveEvent(
  tx: Queryable,
  event: WebhookChange,
  { id, url }: Concerned,
  data: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return insertAuditEventWithId(tx, {
    ...noOrigin,
    event,
    outcome: 'success',
    actorId: null,
    targetId: null,
    sessionId: null,
    data: { webhook_id: id, host: hostOf(new URL(url)), via: 'pi', ...data },
  });
}

/** A new endpoint, and the secret that nobody is shown again. Undefined: there are `endpointsMax` already. */
export async function addWebhook(
  db: Database,
  sealKey: Buffer,
  { url, events }: Pick<WebhookEndpoint, 'url' | 'events'>,
): Promise<{ readonly id: string; readonly secret: string } | undefined> {
  const id = uuidV7(Date.now() * 1000);
  const { text, bytes } = newWebhookSecret();
  const secretSealed = sealBytes(bytes, id, sealKey);
  const isAdded = await db.transaction(async (tx) => {
    const isInserted = await insertWebhookEndpoint(tx, { id, url, events, secretSealed }, endpointsMax);
    if (isInserted) await saveEvent(tx, 'webhook.added', { id, url }, { events });
    return isInserted;
  });
  return isAdded ? { id, secret: text } : undefined;
}

/** Undefined: there is no such endpoint. */
async function change<T>(
  db: Database,
  id: string,
  work: (tx: Queryable, endpoint: WebhookEndpoint) => Promise<T>,
): Promise<T | undefined> {
  return db.transaction(async (tx) => {
    const endpoint = await lockWebhookEndpoint(tx, id);
    return endpoint === undefined ? undefined : work(tx, endpoint);
  });
}

/** With all its deliveries. */
export function removeWebhook(db: Database, id: string): Promise<WebhookEndpoint | undefined> {
  return change(db, id, async (tx, endpoint) => {
    await deleteWebhookEndpoint(tx, id);
    await saveEvent(tx, 'webhook.removed', endpoint);
    return endpoint;
  });
}

/** A new secret; the one before signs too for `overlapSeconds`. @returns its text. */
export function rotateWebhookSecret(
  db: Database,
  sealKey: Buffer,
  id: string,
  overlapSeconds: number,
): Promise<string | undefined> {
  return change(db, id, async (tx, endpoint) => {
    const { text, bytes } = newWebhookSecret();
    await replaceWebhookSecret(tx, id, sealBytes(bytes, id, sealKey), overlapSeconds);
    await saveEvent(tx, 'webhook.secret_rotated', endpoint, { overlap_seconds: overlapSeconds });
    return text;
  });
}

/** Enabled, it goes on where it stopped: what waited is due, and the log is looked through from there. */
export function switchWebhook(
  db: Database,
  id: string,
  enabled: boolean,
): Promise<WebhookEndpoint | undefined> {
  return change(db, id, async (tx, endpoint) => {
    if (enabled === (endpoint.disabledAt === null)) return endpoint;
    await setWebhookDisabled(tx, id, enabled ? null : 'operator');
    if (enabled) await hastenDeliveries(tx, id);
    const reason = enabled ? {} : { reason: 'operator' };
    await saveEvent(tx, enabled ? 'webhook.enabled' : 'webhook.disabled', endpoint, reason);
    return endpoint;
  });
}

/** An event made for the purpose, for this endpoint whatever it asks for. */
export function testWebhook(db: Database, id: string): Promise<WebhookDeliveryKey | undefined> {
  return change(db, id, async (tx, endpoint) => {
    const key = { endpointId: id, eventId: await saveEvent(tx, 'webhook.tested', endpoint) };
    await queueWebhookDelivery(tx, key);
    return key;
  });
}

/**
 * Sends again: the events of these ids, whatever became of them, or every dead delivery.
 * @returns how many; events that the log does not hold are left out.
 */
export function redeliverWebhook(
  db: Database,
  id: string,
  eventIds: readonly string[] | 'dead',
): Promise<number | undefined> {
  return change(db, id, async (tx, endpoint) => {
    let count = 0;
    if (eventIds === 'dead') count = await reviveDeadDeliveries(tx, id);
    else {
      for (const eventId of new Set(eventIds)) {
        if (await queueWebhookDelivery(tx, { endpointId: id, eventId })) count++;
      }
    }
    if (count > 0) await saveEvent(tx, 'webhook.redelivered', endpoint, { deliveries: count });
    return count;
  });
}
