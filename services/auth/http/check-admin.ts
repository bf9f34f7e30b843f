// Lets admins in; everybody else's try is an event.

import type { Role } from '@pi-gateway/access-token/role.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { Database } from '../db/database.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import type { Principal } from './authenticate.ts';
import { auditOrigin, type Caller } from './caller.ts';

/** `route` is the table's own: method and URL pattern. @throws {AppError} `insufficient_role`. */
export async function checkAdmin(
  db: Database,
  { user, sessionId }: Principal,
  caller: Caller,
  route: { readonly method: string; readonly url: string },
): Promise<void> {
  if (user.role === 'admin') return;
  const data = { method: route.method, route: route.url, role: user.role };
  await saveDenial(db, caller, { userId: user.id, sessionId, data });
  throw new AppError('insufficient_role');
}

export type Denial = {
  readonly userId: string;
  readonly sessionId: string;
  /** The route is a pattern, never what a client sent. */
  readonly data: { readonly method: string; readonly route: string; readonly role: Role };
};

/** The event of a refusal, by auth or by the gateway. */
export async function saveDenial(
  db: Database,
  caller: Caller,
  { userId, sessionId, data }: Denial,
): Promise<void> {
  await insertAuditEvent(db, {
    ...auditOrigin(caller),
    event: 'access.denied',
    outcome: 'denied',
    actorId: userId,
    targetId: userId,
    sessionId,
    data,
  });
}
