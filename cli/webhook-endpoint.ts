// What the commands of `pi webhook` share: how an endpoint is named and shown.

import type { WebhookEndpoint } from '@pi-gateway/auth/store/webhook-endpoints.ts';
import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { CliError } from './cli-error.ts';

/** @throws {CliError} when nothing came of it: no endpoint has this id. */
export async function onWebhook<T>(id: string, work: (id: string) => Promise<T | undefined>): Promise<T> {
  const result = isUuidV7(id) ? await work(id) : undefined;
  if (result === undefined) throw new CliError(1, `there is no webhook ${id}`);
  return result;
}

export function encodeTime(micros: number | null): string | null {
  return micros === null ? null : new Date(Math.floor(micros / 1000)).toISOString();
}

/** What may be shown: never a secret. */
export function encodeWebhook(endpoint: WebhookEndpoint) {
  const { id, url, events, createdAt, failingSince, disabledAt, disabledReason } = endpoint;
  return {
    id,
    url,
    events,
    state: disabledAt !== null ? 'disabled' : failingSince !== null ? 'failing' : 'healthy',
    created_at: encodeTime(createdAt),
    failing_since: encodeTime(failingSince),
    disabled_at: encodeTime(disabledAt),
    disabled_reason: disabledReason,
    secrets: endpoint.previousSealed === null ? 1 : 2,
  };
}
