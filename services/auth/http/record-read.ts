// An admin's look at personal data leaves an event: what he asked for, not what he got. It is written before the answer
// leaves, so that nobody reads without a trace, and after the page is loaded, so that no page shows its own reading.

import type { AuditEventName, AuditOutcome } from '../audit/audit-event.ts';
import type { Queryable } from '../db/database.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import type { Principal } from './authenticate.ts';
import { auditOrigin, type Caller } from './caller.ts';

export type AdminRead = {
  readonly event: Extract<AuditEventName, 'user.read' | 'users.listed' | 'audit.listed'>;
  readonly outcome?: AuditOutcome;
  /** Of a single account. */
  readonly targetId?: string;
  /** The filter as it was given. */
  readonly asked?: Readonly<Record<string, string | undefined>>;
  /** Of the filter, what tells of a person. */
  readonly personal?: Readonly<Record<string, string | undefined>>;
};

export function recordRead(
  db: Queryable,
  caller: Caller,
  { user, sessionId }: Principal,
  { event, outcome = 'success', targetId, asked = {}, personal = {} }: AdminRead,
): Promise<void> {
  const isPersonal = Object.values(personal).some((value) => value !== undefined);
  return insertAuditEvent(db, {
    ...auditOrigin(caller),
    event,
    outcome,
    actorId: user.id,
    targetId: targetId ?? null,
    sessionId,
    // JSON leaves out what is undefined.
    data: asked,
    ...(isPersonal ? { personal } : {}),
  });
}
