// The audit log: tables audit_log and audit_personal to write, the view audit_events to read. Append-only: the
// application's role cannot change or remove a row. An event is written with the transaction of the change it tells
// of, so that neither stands without the other; its person goes into a side row that the event commits to.

import type { AuditEvent, AuditEventName, AuditOutcome } from '../audit/audit-event.ts';
import { assertCertainJson } from '../audit/certain-json.ts';
import { hashPersonal, newSalt } from '../audit/personal-hash.ts';
import type { Queryable } from '../db/database.ts';

/** What differs among events that are written at once. */
type Concerned = Pick<AuditEvent, 'targetId' | 'sessionId'>;

export async function insertAuditEvent(db: Queryable, event: AuditEvent): Promise<void> {
  await insertAuditEvents(db, event, [event]);
}

/** As `insertAuditEvent`, and tells the event's id. */
export async function insertAuditEventWithId(db: Queryable, event: AuditEvent): Promise<string> {
  const [row] = await insertAuditEvents(db, event, [event]);
  return row!.id;
}

/** One event for each of several sessions that ended together, in one statement. */
export async function insertAuditEventPerSession(
  db: Queryable,
  event: Omit<AuditEvent, 'sessionId'>,
  sessionIds: readonly (string | null)[],
): Promise<void> {
  const { targetId } = event;
  await insertAuditEvents(
    db,
    event,
    sessionIds.map((sessionId) => ({ targetId, sessionId })),
  );
}

/** One event for each of several accounts, in one statement. */
export async function insertAuditEventPerTarget(
  db: Queryable,
  event: Omit<AuditEvent, 'targetId' | 'sessionId'>,
  targetIds: readonly string[],
): Promise<void> {
  await insertAuditEvents(
    db,
    event,
    targetIds.map((targetId) => ({ targetId, sessionId: null })),
  );
}

/**
 * Stores the events of a CTE `born`, with the person of each where it has one: for a statement that writes an event
 * together with the change it tells of.
 */
export const storeBornEvents = `side as (
        insert into audit_personal (id, salt, ip, user_agent, data)
        select id, salt, ip, user_agent, personal from born where personal_hash is not null
      ), log as (
        insert into audit_log
          (id, at, event, outcome, actor_id, target_id, session_id, request_id, data, personal_hash)
        select id, now, event, outcome, actor_id, target_id, session_id, request_id, data,
          decode(personal_hash, 'hex') from born
      )`;

type Person = Pick<AuditEvent, 'ip' | 'userAgent' | 'personal'>;

/** A new salt, and the hash by which an event commits to its person; null when it tells of nobody. */
export function protectPerson({ ip, userAgent, personal }: Person) {
  assertCertainJson(personal ?? null);
  const salt = newSalt();
  const data = personal ?? null;
  const hasPerson = ip !== null || userAgent !== null || data !== null;
  const personalHash = hasPerson ? hashPersonal({ ip, userAgent, data }, salt.toString('hex')) : null;
  return { salt, personalHash };
}

async function insertAuditEvents(
  db: Queryable,
  event: Omit<AuditEvent, keyof Concerned>,
  concerned: readonly Concerned[],
): Promise<{ id: string }[]> {
  if (concerned.length === 0) return [];
  assertCertainJson(event.data);
  const persons = concerned.map(() => protectPerson(event));
  return db.query({
    name: 'insert-audit-events',
    text: `with born as materialized (
        select uuid_v7(now) as id, now, $1::text as event, $2::text as outcome, $3::uuid as actor_id, target_id,
          session_id, $4::text as request_id, $5::jsonb as data, salt, personal_hash, $10::text as ip,
          $11::text as user_agent, $12::jsonb as personal
        from (select clock_timestamp() as now, * from unnest($6::uuid[], $7::uuid[], $8::bytea[], $9::text[])
          as given (target_id, session_id, salt, personal_hash)) as timed
      ), ${storeBornEvents}
      select id from born`,
    values: [
      event.event,
      event.outcome,
      event.actorId,
      event.requestId,
      event.data,
      concerned.map(({ targetId }) => targetId),
      concerned.map(({ sessionId }) => sessionId),
      persons.map(({ salt }) => salt),
      persons.map(({ personalHash }) => personalHash),
      event.ip,
      event.userAgent,
      event.personal ?? null,
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

/** What a `StoredAuditEvent` is read from, in audit_events. */
export const auditEventColumns = `id, micros(at) as at, event, outcome, actor_id as "actorId",
  target_id as "targetId", session_id as "sessionId", ip, user_agent as "userAgent", request_id as "requestId", data`;

/** Those of `ids` that the log holds. */
export async function listAuditEventsById(
  db: Queryable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, StoredAuditEvent>> {
  const rows = await db.query<StoredAuditEvent>({
    name: 'list-audit-events-by-id',
    text: `select ${auditEventColumns} from audit_events where id = any($1::uuid[])`,
    values: [ids],
  });
  return new Map(rows.map((row) => [row.id, row]));
}
