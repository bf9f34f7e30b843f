// Mode `verified`: the same mail traffic and the same work whether the address is known or not; only the
// owner of the mailbox learns which it is.

import { createHash, randomBytes } from 'node:crypto';
import type { AuditOrigin } from '../audit/audit-event.ts';
import type { Database } from '../db/database.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import { insertPendingRegistration } from '../store/pending-registrations.ts';
import { isEmailTaken } from '../store/users.ts';
import type { Mailer } from './mailer.ts';

type Deps = {
  readonly db: Database;
  readonly mailer: Mailer;
  readonly config: { readonly publicUrl: string };
};

const lifeSeconds = 86_400;

/** What the database keeps of a mailed token. */
export function hashMailToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

export async function mailRegistration(
  { db, mailer, config }: Deps,
  pending: { readonly email: string; readonly passwordHash: string },
  { account, ...origin }: AuditOrigin & { readonly account: string },
): Promise<void> {
  const token = randomBytes(32).toString('base64url');
  const isTaken = await isEmailTaken(db, pending.email);
  // For a known address too, so that the time of the commit tells nothing; its token goes to nobody.
  await db.transaction(async (tx) => {
    await insertPendingRegistration(tx, { ...pending, tokenHash: hashMailToken(token), lifeSeconds });
    await insertAuditEvent(tx, {
      ...origin,
      event: 'registration.requested',
      outcome: 'success',
      actorId: null,
      targetId: null,
      sessionId: null,
      data: { address: isTaken ? 'known' : 'new' },
      personal: { account },
    });
  });
  const text = isTaken ? knownText(config.publicUrl) : confirmText(config.publicUrl, token);
  await mailer.send({ to: pending.email, subject: 'Your registration', text });
}

function confirmText(publicUrl: string, token: string): string {
  return `Somebody registered an account at ${publicUrl} with this address.

If it was you, confirm within a day, with the password you chose:

  curl -H 'content-type: application/json' \\
    -d '{"token":"${token}","password":"YOUR PASSWORD"}' \\
    ${publicUrl}/api/auth/register/confirm

If it was not you, do nothing: no account is made.`;
}

function knownText(publicUrl: string): string {
  return `Somebody tried to register an account at ${publicUrl} with this address, which has one already.

If it was you, sign in instead. If it was not you, do nothing: nothing has changed.`;
}
