// Table audit_events. Append-only: the application's role cannot change or remove a row. An event is written
// with the transaction of the change it tells of, so that neither stands without the other.

import type { AuditEvent, AuditEventName, AuditOutcome } from '../audit/audit-event.ts';
import type { Queryable } from '../db/database.ts';

export async function insertAuditEvent(db: Queryable, event: AuditEvent): Promise<void> {
  await insertAuditEventPerSession(db, event, [event.sessionId]);
}

/** One event for each of several sessions that ended together, in one statement. */
export async function insertAuditEventPerSession(
  db: Queryable,
  event: Omit<AuditEvent, 'sessionId'>,
  sessionIds: readonly (string | null)[],
): Promise<void> {
  if (sessionIds.length === 0) return;
  await db.query({
    name: 'insert-audit-events',
    text: `insert into audit_events
        (id, at, event, outcome, actor_id, target_id, session_id, ip, user_agent, request_id, data)
      select uuid_v7(now), now, $1, $2, $3::uuid, $4::uuid, session_id, $5, $6, $7, $8::jsonb
      from (select clock_timestamp() as now, session_id from unnest($9::uuid[]) as session_id) as ended`,
    values: [
      event.event,
      event.outcome,
      event.actorId,
      event.targetId,
      event.ip,
      event.userAgent,
      event.requestId,
      event.data,
      sessionIds,
    ],
  });
}

/** One event for each of several accounts, in one statement. */
export async function insertAuditEventPerTarget(
  db: Queryable,
  event: Omit<AuditEvent, 'targetId' | 'sessionId'>,
  targetIds: readonly string[],
): Promise<void> {
  if (targetIds.length === 0) return;
  await db.query({
    name: 'insert-audit-events-per-target',
    text: `insert into audit_events
        (id, at, event, outcome, actor_id, target_id, ip, user_agent, request_id, data)
      select uuid_v7(now), now, $1, $2, $3::uuid, target_id, $4, $5, $6, $7::jsonb
      from (select clock_timestamp() as now, target_id from unnest($8::uuid[]) as target_id) as changed`,
    values: [
      event.event,
      event.outcome,
      event.actorId,
      event.ip,
      event.userAgent,
      event.requestId,
      event.data,
      targetIds,
    ],
  });
}

export type StoredAuditEvent = {
  readonly id: string;
  /** Microseconds. */
  readonly at: number;
  readonly event: AuditEventName;
  readonly outcome: AuditOutcome;
  readonly actorId: string | null;
  readonly targetId: string | null;
  readonly sessionId: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  readonly data: Record<string, unknown>;
};

export type AuditFilter = {
  readonly event: AuditEventName | undefined;
  readonly actorId: string | undefined;
  readonly targetId: string | undefined;
  readonly ip: string | undefined;
  /** Ids of the first instant that counts and of the first that does not. */
  readonly fromId: string | undefined;
  readonly untilId: string | undefined;
};

const filters = [
  ['event', 'event ='],
  ['actorId', 'actor_id ='],
  ['targetId', 'target_id ='],
  ['ip', 'ip ='],
  ['fromId', 'id >='],
  ['untilId', 'id <'],
] as const;

/** Newest first, from after `beforeId` on. One statement a combination of filters, so that each uses its index. */
export async function listAuditEvents(
  db: Queryable,
  filter: AuditFilter,
  beforeId: string | undefined,
  limit: number,
): Promise<StoredAuditEvent[]> {
  const given = filters.filter(([field]) => filter[field] !== undefined);
  const conditions = [
    ...given.map(([, condition], i) => `${condition} $${i + 2}`),
    ...(beforeId === undefined ? [] : [`id < $${given.length + 2}`]),
  ];
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  return db.query<StoredAuditEvent>({
    name: `list-audit ${given.map(([field]) => field).join(' ')}${beforeId === undefined ? '' : ' before'}`,
    text: `select id, micros(at) as at, event, outcome, actor_id as "actorId", target_id as "targetId",
        session_id as "sessionId", ip, user_agent as "userAgent", request_id as "requestId", data
      from audit_events ${where} order by id desc limit $1`,
    values: [limit, ...given.map(([field]) => filter[field]), ...(beforeId === undefined ? [] : [beforeId])],
  });
}
