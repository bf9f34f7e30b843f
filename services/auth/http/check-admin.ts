// Lets admins in; everybody else's try is an event.

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
  await insertAuditEvent(db, {
    ...auditOrigin(caller),
    event: 'access.denied',
    outcome: 'denied',
    actorId: user.id,
    targetId: user.id,
    sessionId,
    data: { method: route.method, route: route.url, role: user.role },
  });
  throw new AppError('insufficient_role');
}
