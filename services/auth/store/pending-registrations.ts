// Table pending_registrations: accounts of mode `verified` between their registration and the answered mail.

import type { Queryable } from '../db/database.ts';

export type PendingRegistration = { readonly email: string; readonly passwordHash: string };

export async function insertPendingRegistration(
  db: Queryable,
  pending: PendingRegistration & { readonly tokenHash: Buffer; readonly lifeSeconds: number },
): Promise<void> {
  await db.query({
    name: 'insert-pending-registration',
    text: `insert into pending_registrations (token_hash, email, password_hash, created_at, expires_at)
      select $1, $2, $3, now, now + make_interval(secs => $4) from (select clock_timestamp() as now) as clock`,
    values: [pending.tokenHash, pending.email, pending.passwordHash, pending.lifeSeconds],
  });
}

/** Undefined when there is none, or its time is over. */
export async function findPendingRegistration(
  db: Queryable,
  tokenHash: Buffer,
): Promise<PendingRegistration | undefined> {
  const [row] = await db.query<PendingRegistration>({
    name: 'find-pending-registration',
    text: `select email, password_hash as "passwordHash" from pending_registrations
      where token_hash = $1 and expires_at > clock_timestamp()`,
    values: [tokenHash],
  });
  return row;
}

/**
 * Uses up a token, and with it every other of its address. Locked in one order: of several of an address that are
 * presented at once, the first takes all of them and the others find none.
 */
export async function takePendingRegistration(
  tx: Queryable,
  tokenHash: Buffer,
): Promise<PendingRegistration | undefined> {
  const rows = await tx.query<PendingRegistration & { readonly isPresented: boolean }>({
    name: 'take-pending-registration',
    text: `with presented as materialized (
        select email from pending_registrations where token_hash = $1 and expires_at > clock_timestamp()),
      locked as materialized (
        select token_hash from pending_registrations join presented using (email)
        order by token_hash for update of pending_registrations)
      delete from pending_registrations using locked
      where pending_registrations.token_hash = locked.token_hash
      returning email, password_hash as "passwordHash", locked.token_hash = $1 as "isPresented"`,
    values: [tokenHash],
  });
  const taken = rows.find(({ isPresented }) => isPresented);
  return taken && { email: taken.email, passwordHash: taken.passwordHash };
}

export async function deleteExpiredRegistrations(db: Queryable, limit: number): Promise<number> {
  const rows = await db.query({
    name: 'delete-expired-registrations',
    text: `delete from pending_registrations where token_hash in (
        select token_hash from pending_registrations where expires_at < clock_timestamp()
        limit $1 for update skip locked)
      returning token_hash`,
    values: [limit],
  });
  return rows.length;
}
