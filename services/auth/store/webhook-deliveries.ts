// Table webhook_deliveries: one row for an event and endpoint, from when the endpoint's place in the log has passed the
// event until some time after it was settled. The first statement here is the outbox: it moves the place and makes the
// rows in one go, so that an event has its delivery exactly once, whichever process looks.

import type { Queryable } from '../db/database.ts';

export type WebhookDeliveryKey = { readonly endpointId: string; readonly eventId: string };

/**
 * Looks through the next events of the log for an endpoint and queues those it wants. Only of transactions behind the
 * horizon, in the order of the log: none can appear later before the place that is reached. When another process does the
 * same it leaves it to that one.
 * @returns how many events it has looked through.
 */
export async function queueWebhookDeliveries(
  db: Queryable,
  endpointId: string,
  limit: number,
): Promise<number> {
  const [row] = await db.query<{ seen: number }>({
    name: 'queue-webhook-deliveries',
    text: `with endpoint as materialized (
        select id, events, through_tx, through_id from webhook_endpoints
        where id = $1 and disabled_at is null for update skip locked
      ), seen as materialized (
        select log.tx, log.id, log.event from endpoint cross join lateral (
          select tx, id, event from audit_log
          where (tx, id) > (endpoint.through_tx, endpoint.through_id)
            and tx < audit_tx(pg_snapshot_xmin(pg_current_snapshot()))
          order by tx, id limit $2) as log
      ), queued as (
        insert into webhook_deliveries (endpoint_id, event_id, state, due_at)
        select endpoint.id, seen.id, 'pending', clock_timestamp() from endpoint cross join seen
        where endpoint.events is null or seen.event = any(endpoint.events)
        on conflict do nothing
      ), moved as (
        update webhook_endpoints set (through_tx, through_id) =
          (select tx, id from seen order by tx desc, id desc limit 1)
        where id = (select id from endpoint) and exists (select from seen)
      )
      select count(*) as seen from seen`,
    values: [endpointId, limit],
  });
  return row!.seen;
}

export type ClaimedDelivery = WebhookDeliveryKey & {
  /** This one included. */
  readonly attempts: number;
};

/**
 * Takes deliveries that are due, at most `places` of each endpoint, for `leaseSeconds`: nobody else tries them meanwhile,
 * and whoever dies over it leaves them to others. The attempt counts from here on.
 */
export async function claimWebhookDeliveries(
  db: Queryable,
  free: ReadonlyMap<string, number>,
  leaseSeconds: number,
): Promise<ClaimedDelivery[]> {
  return db.query<ClaimedDelivery>({
    name: 'claim-webhook-deliveries',
    text: `with due as materialized (
        select due.endpoint_id, due.event_id
        from unnest($1::uuid[], $2::int[]) as free (endpoint_id, places) cross join lateral (
          select endpoint_id, event_id from webhook_deliveries as delivery
          where delivery.endpoint_id = free.endpoint_id and state = 'pending' and due_at <= statement_timestamp()
          order by due_at limit free.places for update skip locked) as due
      )
      update webhook_deliveries as delivery set attempts = attempts + 1,
        due_at = clock_timestamp() + make_interval(secs => $3)
      from due where delivery.endpoint_id = due.endpoint_id and delivery.event_id = due.event_id
      returning delivery.endpoint_id as "endpointId", delivery.event_id as "eventId", attempts`,
    values: [[...free.keys()], [...free.values()], leaseSeconds],
  });
}

/** Also when others have taken it meanwhile: it has arrived. Clears the endpoint's record. */
export async function settleDelivered(
  db: Queryable,
  { endpointId, eventId }: WebhookDeliveryKey,
): Promise<void> {
  await db.query({
    name: 'settle-webhook-delivered',
    text: `with settled as (
        update webhook_deliveries set state = 'delivered', settled_at = clock_timestamp(), last_failure = null
        where endpoint_id = $1 and event_id = $2
      )
      update webhook_endpoints set failing_since = null where id = $1 and failing_since is not null`,
    values: [endpointId, eventId],
  });
}

export type FailedDelivery = ClaimedDelivery & {
  readonly isDead: boolean;
  readonly afterSeconds: number;
  readonly failure: string;
};

/** Unless it was settled, or tried by others, meanwhile. */
export async function settleFailed(tx: Queryable, delivery: FailedDelivery): Promise<void> {
  const { endpointId, eventId, attempts, isDead, afterSeconds, failure } = delivery;
  await tx.query({
    name: 'settle-webhook-failed',
    text: `update webhook_deliveries set last_failure = $5, state = case when $4 then 'dead' else 'pending' end,
        settled_at = case when $4 then clock_timestamp() end,
        due_at = clock_timestamp() + make_interval(secs => $6)
      where endpoint_id = $1 and event_id = $2 and attempts = $3 and state = 'pending'`,
    values: [endpointId, eventId, attempts, isDead, failure, afterSeconds],
  });
}

/** What waits at an endpoint; `waiting` is counted up to a bound. */
export type WebhookBacklog = {
  readonly endpointId: string;
  readonly waiting: number;
  /** Of the delivery that has been due for longest. */
  readonly overdueSeconds: number;
};

export async function countWebhookBacklogs(db: Queryable, waitingMax: number): Promise<WebhookBacklog[]> {
  return db.query<WebhookBacklog>({
    name: 'count-webhook-backlogs',
    text: `select endpoint.id as "endpointId", waiting,
        greatest(coalesce(extract(epoch from clock_timestamp() - due_at), 0), 0)::float8 as "overdueSeconds"
      from webhook_endpoints as endpoint cross join lateral (
        select count(*) as waiting, min(due_at) as due_at from (
          select due_at from webhook_deliveries where endpoint_id = endpoint.id and state = 'pending'
          order by due_at limit $1) as counted) as pending`,
    values: [waitingMax],
  });
}

/** By endpoint; one without is not there. */
export async function countDeadDeliveries(db: Queryable): Promise<ReadonlyMap<string, number>> {
  const rows = await db.query<{ id: string; dead: number }>({
    name: 'count-dead-deliveries',
    text: `select endpoint_id as id, count(*) as dead from webhook_deliveries where state = 'dead' group by 1`,
    values: [],
  });
  return new Map(rows.map(({ id, dead }) => [id, dead]));
}

export type WebhookDelivery = WebhookDeliveryKey & {
  readonly state: 'pending' | 'delivered' | 'dead';
  readonly attempts: number;
  /** Microseconds. */
  readonly dueAt: number;
  readonly settledAt: number | null;
  readonly lastFailure: string | null;
};

/** The newest events first. */
export async function listWebhookDeliveries(
  db: Queryable,
  { endpointId, state }: { readonly endpointId: string | undefined; readonly state: string | undefined },
  limit: number,
): Promise<WebhookDelivery[]> {
  return db.query<WebhookDelivery>({
    name: 'list-webhook-deliveries',
    text: `select endpoint_id as "endpointId", event_id as "eventId", state, attempts, micros(due_at) as "dueAt",
        micros(settled_at) as "settledAt", last_failure as "lastFailure"
      from webhook_deliveries where ($1::uuid is null or endpoint_id = $1) and ($2::text is null or state = $2)
      order by event_id desc limit $3`,
    values: [endpointId ?? null, state ?? null, limit],
  });
}

export async function findWebhookDelivery(
  db: Queryable,
  { endpointId, eventId }: WebhookDeliveryKey,
): Promise<Pick<WebhookDelivery, 'state' | 'attempts' | 'lastFailure'> | undefined> {
  const [row] = await db.query<WebhookDelivery>({
    name: 'find-webhook-delivery',
    text: `select state, attempts, last_failure as "lastFailure" from webhook_deliveries
      where endpoint_id = $1 and event_id = $2`,
    values: [endpointId, eventId],
  });
  return row;
}

/** Sends an event (again), whether it was sent or not. False: the log has no such event. */
export async function queueWebhookDelivery(
  tx: Queryable,
  { endpointId, eventId }: WebhookDeliveryKey,
): Promise<boolean> {
  const rows = await tx.query({
    name: 'queue-webhook-delivery',
    text: `insert into webhook_deliveries (endpoint_id, event_id, state, due_at)
      select $1, id, 'pending', clock_timestamp() from audit_log where id = $2
      on conflict (endpoint_id, event_id) do update
        set state = 'pending', attempts = 0, due_at = clock_timestamp(), settled_at = null
      returning event_id`,
    values: [endpointId, eventId],
  });
  return rows.length > 0;
}

/** Every dead delivery of an endpoint is due again. @returns how many. */
export async function reviveDeadDeliveries(tx: Queryable, endpointId: string): Promise<number> {
  const rows = await tx.query({
    name: 'revive-dead-deliveries',
    text: `update webhook_deliveries set state = 'pending', attempts = 0, due_at = clock_timestamp(), settled_at = null
      where endpoint_id = $1 and state = 'dead' returning event_id`,
    values: [endpointId],
  });
  return rows.length;
}

/** What waits is due now. */
export async function hastenDeliveries(tx: Queryable, endpointId: string): Promise<void> {
  await tx.query({
    name: 'hasten-webhook-deliveries',
    text: `update webhook_deliveries set attempts = 0, due_at = clock_timestamp()
      where endpoint_id = $1 and state = 'pending'`,
    values: [endpointId],
  });
}

/**
 * Dead ones after thirty days; delivered ones after a day, and all but the newest `deliveredMax` sooner.
 * @returns how many went, at most `limit` of either kind.
 */
export async function deleteSettledDeliveries(
  db: Queryable,
  deliveredMax: number,
  limit: number,
): Promise<number> {
  const rows = await db.query({
    name: 'delete-settled-deliveries',
    text: `with old as materialized (
        (select endpoint_id, event_id from webhook_deliveries
          where state = 'dead' and settled_at < now() - interval '30 days' order by settled_at limit $2)
        union all
        (select endpoint_id, event_id from webhook_deliveries
          where state = 'delivered' and settled_at < greatest(now() - interval '1 day',
            (select settled_at from webhook_deliveries where state = 'delivered'
              order by settled_at desc offset $1 limit 1))
          order by settled_at limit $2)
      )
      delete from webhook_deliveries as delivery using old
      where delivery.endpoint_id = old.endpoint_id and delivery.event_id = old.event_id and state <> 'pending'
      returning delivery.event_id`,
    values: [deliveredMax, limit],
  });
  return rows.length;
}
