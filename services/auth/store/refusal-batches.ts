// Tables audit_log and refusal_batches: refusals, many a statement, each batch once however often it is sent.

import type { AuditEvent } from '../audit/audit-event.ts';
import { assertCertainJson } from '../audit/certain-json.ts';
import type { Queryable } from '../db/database.ts';
import { protectPerson, storeBornEvents } from './audit-events.ts';

/** Writes the events of a batch, in their order, unless they were written already. `batchId` is a UUIDv7. */
export async function insertRefusalBatch(
  db: Queryable,
  batchId: string,
  events: readonly AuditEvent[],
): Promise<void> {
  for (const { data } of events) assertCertainJson(data);
  const persons = events.map(protectPerson);
  await db.query({
    name: 'insert-refusal-batch',
    text: `with batch as (
        insert into refusal_batches (id) values ($1) on conflict do nothing returning id
      ), born as materialized (
        select uuid_v7(now) as id, now, event, outcome, actor_id, target_id, session_id, request_id,
          data::jsonb as data, salt, personal_hash, ip, user_agent, personal::jsonb as personal
        from (select clock_timestamp() as now, given.* from batch, unnest($2::text[], $3::text[], $4::uuid[],
          $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::bytea[], $10::text[], $11::text[], $12::text[],
          $13::text[]) as given (event, outcome, actor_id, target_id, session_id, request_id, data, salt,
          personal_hash, ip, user_agent, personal)) as timed
      ), ${storeBornEvents}
      select`,
    values: [
      batchId,
      events.map(({ event }) => event),
      events.map(({ outcome }) => outcome),
      events.map(({ actorId }) => actorId),
      events.map(({ targetId }) => targetId),
      events.map(({ sessionId }) => sessionId),
      events.map(({ requestId }) => requestId),
      events.map(({ data }) => JSON.stringify(data)),
      persons.map(({ salt }) => salt),
      persons.map(({ personalHash }) => personalHash),
      events.map(({ ip }) => ip),
      events.map(({ userAgent }) => userAgent),
      events.map(({ personal }) => (personal === undefined ? null : JSON.stringify(personal))),
    ],
  });
}

/** Forgets up to `limit` batches that nobody can be sending again. Their ids tell when they were made. */
export async function deleteOldRefusalBatches(db: Queryable, limit: number): Promise<number> {
  const rows = await db.query({
    name: 'delete-old-refusal-batches',
    text: `delete from refusal_batches where id in (select id from refusal_batches
        where id < uuid_v7_floor(clock_timestamp() - interval '1 hour') limit $1)
      returning id`,
    values: [limit],
  });
  return rows.length;
}
