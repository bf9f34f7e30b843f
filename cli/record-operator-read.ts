// The operator's look at personal data leaves an event too: what he asked for, without an actor.

import { type AuditEventName, noOrigin } from '@pi-gateway/auth/audit/audit-event.ts';
import type { Queryable } from '@pi-gateway/auth/db/database.ts';
import { insertAuditEvent } from '@pi-gateway/auth/store/audit-events.ts';

type Filter = Readonly<Record<string, string | boolean | undefined>>;

/** `personal`: of the filter, what tells of a person. `targetId`: the only one whose data he gets. */
export function recordOperatorRead(
  db: Queryable,
  event: Extract<AuditEventName, 'users.listed' | 'audit.listed'>,
  asked: Filter,
  personal: Filter = {},
  targetId: string | null = null,
): Promise<void> {
  const isPersonal = Object.values(personal).some((value) => value !== undefined);
  return insertAuditEvent(db, {
    ...noOrigin,
    event,
    outcome: 'success',
    actorId: null,
    targetId,
    sessionId: null,
    // JSON leaves out what is undefined.
    data: { ...asked, via: 'pi' },
    ...(isPersonal ? { personal } : {}),
  });
}
