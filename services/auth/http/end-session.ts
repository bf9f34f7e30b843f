// Ends one session with its event and the revocation of its access tokens, in one transaction. Ending it again
// changes nothing, but its revocation is told again: whoever ended it first may have died before he told, and the
// gateway that carries this request may not have heard yet.

import type { Revocation } from '@pi-gateway/revocation/revocation.ts';
import type { AuditEventName } from '../audit/audit-event.ts';
import type { Database } from '../db/database.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import { listRevocationsOf } from '../store/revocations.ts';
import { type RevokeReason, revokeSession } from '../store/sessions.ts';
import { auditOrigin, type Caller } from './caller.ts';
import { type RevokeDeps, saveSessionRevocations } from './revoke.ts';

export type SessionEnd = {
  readonly reason: RevokeReason;
  readonly event: AuditEventName;
  /** Whether the user did it, as far as anybody knows. */
  readonly isByUser: boolean;
  readonly data: Readonly<Record<string, unknown>>;
};

/** @returns what is to be announced. */
export function endSession(
  deps: RevokeDeps & { readonly db: Database },
  sessionId: string,
  caller: Caller,
  end: SessionEnd,
): Promise<Revocation[]> {
  return deps.db.transaction(async (tx) => {
    const ended = await revokeSession(tx, sessionId, end.reason);
    if (ended === undefined) return listRevocationsOf(tx, 'session', sessionId);
    await insertAuditEvent(tx, {
      ...auditOrigin(caller),
      event: end.event,
      outcome: 'success',
      actorId: end.isByUser ? ended.userId : null,
      targetId: ended.userId,
      sessionId,
      data: end.data,
    });
    return saveSessionRevocations(tx, deps, [ended]);
  });
}
