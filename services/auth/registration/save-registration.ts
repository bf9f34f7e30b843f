// An account and the event that tells of it, in one transaction: used by the open and the verified way.

import type { Queryable } from '../db/database.ts';
import { auditOrigin, type Caller } from '../http/caller.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import { insertUser, type User } from '../store/users.ts';

/** Undefined when the address has an account already; nothing is written then. */
export async function saveRegistration(
  tx: Queryable,
  { email, passwordHash }: { readonly email: string; readonly passwordHash: string },
  caller: Caller,
): Promise<User | undefined> {
  const user = await insertUser(tx, { email, passwordHash, role: 'user' });
  if (user === undefined) return undefined;
  await insertAuditEvent(tx, {
    ...auditOrigin(caller),
    event: 'user.registered',
    outcome: 'success',
    actorId: user.id,
    targetId: user.id,
    sessionId: null,
    data: {},
  });
  return user;
}
