// What is sent: a body and headers as of Standard Webhooks 1.0. The id is made of the endpoint and the event alone, so
// that it is the same for every attempt, on every process, after a restart and after a restore.

import { createHmac, hash, randomBytes } from 'node:crypto';
import { encodeAuditEvent } from '../http/encode-rows.ts';
import type { StoredAuditEvent } from '../store/audit-events.ts';

const secretPrefix = 'whsec_';
const secretBytes = 32;

export type WebhookMessage = {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** A new secret, as its text and as the bytes that sign. */
export function newWebhookSecret(): { readonly text: string; readonly bytes: Buffer } {
  const bytes = randomBytes(secretBytes);
  return { text: `${secretPrefix}${bytes.toString('base64')}`, bytes };
}

/** One for an event and endpoint, however often it is tried. */
export function webhookIdOf({ endpointId, eventId }: { endpointId: string; eventId: string }): string {
  return `msg_${hash('sha256', `pi-webhook/v1\n${endpointId}\n${eventId}`, 'hex').slice(0, 32)}`;
}

/** `secrets`: the bytes that sign, the newest first. `nowSeconds`: of this attempt. */
export function makeWebhookMessage(
  id: string,
  event: StoredAuditEvent,
  secrets: readonly Buffer[],
  nowSeconds: number,
): WebhookMessage {
  const data = encodeAuditEvent(event);
  const body = JSON.stringify({ type: data.event, timestamp: data.at, data });
  const timestamp = String(Math.floor(nowSeconds));
  const sign = (secret: Buffer) =>
    `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'PI-Gateway-Webhook/1',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': secrets.map(sign).join(' '),
    },
  };
}
