// A refresh that rotates, as one statement over the table sessions and the audit log: the commonest change of all, and
// its event costs it no way of its own to the database (bench/audit-cost.ts).

import type { AuditOrigin } from '../audit/audit-event.ts';
import type { Queryable } from '../db/database.ts';
import { protectPerson, storeBornEvents } from './audit-events.ts';

export type Rotation = {
  readonly generation: number;
  /** Microseconds, as all times here. */
  readonly at: number;
  readonly idleExpiresAt: number;
  readonly origin: AuditOrigin;
};

/** Saves the next generation of a session with its event; the session must be locked already. */
export async function saveRotation(
  db: Queryable,
  sessionId: string,
  { generation, at, idleExpiresAt, origin }: Rotation,
): Promise<void> {
  const { ip, userAgent, requestId } = origin;
  const { salt, personalHash } = protectPerson({ ip, userAgent });
  await db.query({
    name: 'save-rotation',
    text: `with rotated as (
        update sessions set generation = $2, rotated_at = from_micros($3), last_used_at = from_micros($3),
          idle_expires_at = from_micros($4)
        where id = $1
        returning id as session_id, user_id, generation
      ), born as materialized (
        select uuid_v7(now) as id, now, 'token.refreshed' as event, 'success' as outcome, user_id as actor_id,
          user_id as target_id, session_id, $5::text as request_id,
          jsonb_build_object('generation', generation) as data, $6::bytea as salt, $7::text as personal_hash,
          $8::text as ip, $9::text as user_agent, null::jsonb as personal
        from (select clock_timestamp() as now, session_id, user_id, generation from rotated) as timed
      ), ${storeBornEvents}
      select`,
    values: [sessionId, generation, at, idleExpiresAt, requestId, salt, personalHash, ip, userAgent],
  });
}
