// Sends audit events to the endpoints that want them. Every auth process does, and they share the work: one looks through
// the log for an endpoint at a time, and each takes deliveries that nobody else has. What is under way is bounded for each
// endpoint and in all; one that fails gets a single attempt at a time, so that it holds up nobody else.

import type { Log } from '@pi-gateway/log/log.ts';
import { openSealedBytes } from '../crypto/sealed-bytes.ts';
import type { Database } from '../db/database.ts';
import type { WebhookAnswer } from '../domain/decide-webhook-outcome.ts';
import { listAuditEventsById, type StoredAuditEvent } from '../store/audit-events.ts';
import {
  type ClaimedDelivery,
  claimWebhookDeliveries,
  countDeadDeliveries,
  countWebhookBacklogs,
  queueWebhookDeliveries,
  type WebhookBacklog,
} from '../store/webhook-deliveries.ts';
import { listWebhookEndpoints, type WebhookEndpoint } from '../store/webhook-endpoints.ts';
import { type SendOptions, sendWebhook } from './send-webhook.ts';
import { settleAttempt } from './settle-attempt.ts';
import { makeWebhookMessage, webhookIdOf } from './webhook-message.ts';

export const webhookAttemptOutcomes = ['delivered', 'failed', 'dead'] as const;

export type WebhookState = {
  readonly enabled: number;
  readonly disabled: number;
  /** Of enabled endpoints, counted up to a thousand of each; what is beyond waits in the log. */
  readonly waiting: number;
  readonly dead: number;
  readonly overdueSeconds: number;
  /** Of this process since its start. */
  readonly attempts: Readonly<Record<(typeof webhookAttemptOutcomes)[number], number>>;
};

export type Webhooks = {
  /** Queues what is new and starts what is due; does not wait for receivers. */
  round(): Promise<void>;
  state(): WebhookState;
  /** Waits a moment for what is under way; what is cut off is tried again by whoever runs then. */
  close(): Promise<void>;
};

export type WebhookOptions = Pick<SendOptions, 'allowPrivate' | 'resolve'> & {
  readonly db: Database;
  readonly sealKey: Buffer;
  readonly log: Log;
  /** From the look-up to the head of the answer; unset: ten seconds. */
  readonly timeoutMs?: number;
};

const timeoutMsDefault = 10_000;
/** So long a delivery is left to whoever took it; longer than an attempt and its settling. */
const leaseSeconds = 20;
const waitingMax = 1000;
const queuedAtOnce = 250;
const perEndpoint = 16;
const underWayMax = 64;
const drainMs = 3000;

export function createWebhooks(options: WebhookOptions): Webhooks {
  const { db, log, sealKey, timeoutMs = timeoutMsDefault } = options;
  const stop = new AbortController();
  const underWay = new Map<Promise<void>, string>();
  const attempts = { delivered: 0, failed: 0, dead: 0 };
  let counts = { enabled: 0, disabled: 0, waiting: 0, dead: 0, overdueSeconds: 0 };
  let enabled: ReadonlyMap<string, WebhookEndpoint> = new Map();
  let claiming: Promise<void> | undefined;

  /** How many deliveries may be begun, by endpoint. */
  function freePlaces(): Map<string, number> {
    const busy = Map.groupBy(underWay.values(), (id) => id);
    const free = new Map<string, number>();
    let left = underWayMax - underWay.size;
    for (const { id, failingSince } of enabled.values()) {
      const places = (failingSince === null ? perEndpoint : 1) - (busy.get(id)?.length ?? 0);
      const given = Math.max(0, Math.min(places, left));
      if (given > 0) free.set(id, given);
      left -= given;
    }
    return free;
  }

  async function claim(): Promise<void> {
    const free = freePlaces();
    if (free.size === 0 || stop.signal.aborted) return;
    const claimed = await claimWebhookDeliveries(db, free, leaseSeconds);
    if (claimed.length === 0) return;
    const events = await listAuditEventsById(
      db,
      claimed.map(({ eventId }) => eventId),
    );
    for (const delivery of claimed) start(delivery, events.get(delivery.eventId));
  }

  /** One at a time. Whoever ends meanwhile is followed by the next claim. */
  function claimDue(): Promise<void> {
    claiming ??= claim().finally(() => {
      claiming = undefined;
    });
    return claiming;
  }

  function start(delivery: ClaimedDelivery, event: StoredAuditEvent | undefined): void {
    const { endpointId: webhook_id, eventId: event_id } = delivery;
    const work = attempt(delivery, event)
      .catch((err: unknown) => log.warn({ err, webhook_id, event_id }, 'a webhook could not be settled'))
      .then(() => {
        underWay.delete(work);
        return claimDue();
      })
      .catch((err: unknown) => log.warn({ err }, 'taking webhooks failed'));
    underWay.set(work, webhook_id);
  }

  async function attempt(delivery: ClaimedDelivery, event: StoredAuditEvent | undefined): Promise<void> {
    const endpoint = enabled.get(delivery.endpointId);
    if (endpoint === undefined) return;
    const answer = await send(endpoint, delivery, event);
    // Cut off by us: no failure of the receiver.
    if (stop.signal.aborted && answer.kind === 'none') return;
    const outcome = await settleAttempt(db, delivery, answer);
    if (outcome === undefined) return;
    attempts[outcome.kind === 'retry' ? 'failed' : outcome.kind]++;
    if (outcome.kind === 'delivered') return;
    const { failure, disable } = outcome;
    const told = { webhook_id: delivery.endpointId, event_id: delivery.eventId, failure };
    if (disable !== undefined) log.warn({ ...told, reason: disable }, 'a webhook endpoint is disabled');
    else if (outcome.kind === 'dead') log.warn(told, 'a webhook is given up');
    else log.debug({ ...told, attempts: delivery.attempts }, 'a webhook failed');
  }

  async function send(
    endpoint: WebhookEndpoint,
    delivery: ClaimedDelivery,
    event: StoredAuditEvent | undefined,
  ): Promise<WebhookAnswer> {
    if (event === undefined) return { kind: 'none', failure: 'event_gone' };
    const secrets = openSecrets(endpoint, sealKey);
    if (secrets === undefined) return { kind: 'none', failure: 'secret_unreadable' };
    const message = makeWebhookMessage(webhookIdOf(delivery), event, secrets, Date.now() / 1000);
    return sendWebhook(endpoint.url, message, { ...options, timeoutMs, signal: stop.signal });
  }

  /** Moves the endpoint on in the log, until it is at the end or enough waits. */
  async function queue({ endpointId, waiting }: WebhookBacklog): Promise<void> {
    for (let room = waitingMax - waiting; room > 0; room -= queuedAtOnce) {
      const limit = Math.min(room, queuedAtOnce);
      if ((await queueWebhookDeliveries(db, endpointId, limit)) < limit) return;
    }
  }

  return {
    async round() {
      const endpoints = await listWebhookEndpoints(db);
      enabled = new Map(
        endpoints.filter(({ disabledAt }) => disabledAt === null).map((one) => [one.id, one]),
      );
      const backlogs = endpoints.length === 0 ? [] : await countWebhookBacklogs(db, waitingMax);
      const dead = endpoints.length === 0 ? new Map<string, number>() : await countDeadDeliveries(db);
      const active = backlogs.filter(({ endpointId }) => enabled.has(endpointId));
      counts = {
        enabled: enabled.size,
        disabled: endpoints.length - enabled.size,
        waiting: active.reduce((sum, { waiting }) => sum + waiting, 0),
        dead: dead.values().reduce((sum, count) => sum + count, 0),
        overdueSeconds: active.reduce((most, { overdueSeconds }) => Math.max(most, overdueSeconds), 0),
      };
      for (const backlog of active) await queue(backlog);
      await claimDue();
    },
    state: () => ({ ...counts, attempts }),
    async close() {
      const drained = setTimeout(() => stop.abort(), drainMs);
      enabled = new Map();
      await Promise.all(underWay.keys());
      clearTimeout(drained);
    },
  };
}

/** The newest first; undefined when they were sealed under another master key. */
function openSecrets({ id, secretSealed, previousSealed }: WebhookEndpoint, sealKey: Buffer) {
  try {
    return [secretSealed, previousSealed]
      .filter((sealed) => sealed !== null)
      .map((sealed) => openSealedBytes(sealed, id, sealKey));
  } catch {
    return undefined;
  }
}
