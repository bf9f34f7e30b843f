// The audit log as the trail of one user: what he did, and what was done to his account.

import type { Queryable } from '../db/database.ts';
import { auditEventColumns, type StoredAuditEvent } from './audit-events.ts';

const highestId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Newest first, from after `beforeId` on. Each half reads its own index no further than the page goes. */
export async function listActivity(
  db: Queryable,
  userId: string,
  beforeId: string | undefined,
  limit: number,
): Promise<StoredAuditEvent[]> {
  return db.query<StoredAuditEvent>({
    name: 'list-activity',
    text: `with own as materialized (
        (select id from audit_log where actor_id = $1 and id < $2 order by id desc limit $3)
        union
        (select id from audit_log where target_id = $1 and id < $2 order by id desc limit $3)
        order by id desc limit $3
      )
      select ${auditEventColumns} from own join audit_events using (id) order by id desc`,
    values: [userId, beforeId ?? highestId, limit],
  });
}
