// Table webhook_endpoints: where events go, and how far each endpoint has come in the log.

import type { AuditEventName } from '../audit/audit-event.ts';
import type { Queryable } from '../db/database.ts';

export type WebhookDisabledReason = 'operator' | 'gone' | 'failing';

export type WebhookEndpoint = {
  readonly id: string;
  readonly url: string;
  /** Null: every event. */
  readonly events: readonly AuditEventName[] | null;
  readonly secretSealed: Buffer;
  /** Null: none, or its time is over. */
  readonly previousSealed: Buffer | null;
  /** Microseconds, as all times here. */
  readonly createdAt: number;
  readonly failingSince: number | null;
  readonly disabledAt: number | null;
  readonly disabledReason: WebhookDisabledReason | null;
};

const columns = `id, url, events, secret_sealed as "secretSealed",
  case when previous_until > clock_timestamp() then previous_sealed end as "previousSealed",
  micros(created_at) as "createdAt", micros(failing_since) as "failingSince",
  micros(disabled_at) as "disabledAt", disabled_reason as "disabledReason"`;

/** The oldest first. */
export async function listWebhookEndpoints(db: Queryable): Promise<WebhookEndpoint[]> {
  return db.query<WebhookEndpoint>({
    name: 'list-webhook-endpoints',
    text: `select ${columns} from webhook_endpoints order by id`,
    values: [],
  });
}

/** Locks the row. Undefined: there is none. */
export async function lockWebhookEndpoint(tx: Queryable, id: string): Promise<WebhookEndpoint | undefined> {
  const [row] = await tx.query<WebhookEndpoint>({
    name: 'lock-webhook-endpoint',
    text: `select ${columns} from webhook_endpoints where id = $1 for update`,
    values: [id],
  });
  return row;
}

export type NewWebhookEndpoint = Pick<WebhookEndpoint, 'id' | 'url' | 'events' | 'secretSealed'>;

/**
 * Its place is the end of the log behind the horizon: it gets every event that is committed from now on, those of
 * transactions that run already included. False when there are `endpointsMax` already.
 */
export async function insertWebhookEndpoint(
  tx: Queryable,
  { id, url, events, secretSealed }: NewWebhookEndpoint,
  endpointsMax: number,
): Promise<boolean> {
  await tx.query({
    name: 'lock-webhooks',
    text: 'lock table webhook_endpoints in share row exclusive mode',
    values: [],
  });
  const rows = await tx.query({
    name: 'insert-webhook-endpoint',
    text: `insert into webhook_endpoints (id, url, events, secret_sealed, created_at, through_tx, through_id)
      select $1, $2, $3, $4, clock_timestamp(), coalesce(last.tx, 0),
        coalesce(last.id, '00000000-0000-0000-0000-000000000000')
      from (select count(*) as endpoints from webhook_endpoints) as counted left join lateral (
        select tx, id from audit_log where tx < audit_tx(pg_snapshot_xmin(pg_current_snapshot()))
        order by tx desc, id desc limit 1) as last on true
      where endpoints < $5 returning id`,
    values: [id, url, events, secretSealed, endpointsMax],
  });
  return rows.length > 0;
}

export async function deleteWebhookEndpoint(tx: Queryable, id: string): Promise<void> {
  await tx.query({
    name: 'delete-webhook-endpoint',
    text: 'delete from webhook_endpoints where id = $1',
    values: [id],
  });
}

/** The present secret goes on signing beside the new one for `overlapSeconds`. */
export async function replaceWebhookSecret(
  tx: Queryable,
  id: string,
  secretSealed: Buffer,
  overlapSeconds: number,
): Promise<void> {
  await tx.query({
    name: 'replace-webhook-secret',
    text: `update webhook_endpoints set previous_sealed = secret_sealed, secret_sealed = $2,
        previous_until = clock_timestamp() + make_interval(secs => $3) where id = $1`,
    values: [id, secretSealed, overlapSeconds],
  });
}

/** `reason`: null enables it, with a clean record. */
export async function setWebhookDisabled(
  tx: Queryable,
  id: string,
  reason: WebhookDisabledReason | null,
): Promise<void> {
  await tx.query({
    name: 'set-webhook-disabled',
    text: `update webhook_endpoints set disabled_reason = $2::text, failing_since = null,
        disabled_at = case when $2::text is null then null else clock_timestamp() end where id = $1`,
    values: [id, reason],
  });
}

/** Seconds since the first failure after the last success; this one counts. */
export async function markWebhookFailing(tx: Queryable, id: string): Promise<number> {
  const [row] = await tx.query<{ seconds: number }>({
    name: 'mark-webhook-failing',
    text: `update webhook_endpoints set failing_since = coalesce(failing_since, clock_timestamp()) where id = $1
      returning extract(epoch from clock_timestamp() - failing_since)::float8 as seconds`,
    values: [id],
  });
  return Math.max(row?.seconds ?? 0, 0);
}

export type SealedSecrets = {
  readonly id: string;
  readonly secret: Buffer;
  readonly previous: Buffer | null;
};

/** Of all endpoints, until the end of the transaction nobody changes them. */
export async function lockSealedSecrets(db: Queryable): Promise<SealedSecrets[]> {
  return db.query<SealedSecrets>({
    name: 'lock-sealed-secrets',
    text: `select id, secret_sealed as secret, previous_sealed as previous from webhook_endpoints for update`,
    values: [],
  });
}

/** The same secrets, sealed anew. */
export async function resealSecrets(db: Queryable, { id, secret, previous }: SealedSecrets): Promise<void> {
  await db.query({
    name: 'reseal-secrets',
    text: 'update webhook_endpoints set secret_sealed = $2, previous_sealed = $3 where id = $1',
    values: [id, secret, previous],
  });
}
