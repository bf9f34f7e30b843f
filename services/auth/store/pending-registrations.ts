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
      values ($1, $2, $3, clock_timestamp(), clock_timestamp() + make_interval(secs => $4))`,
    values: [pending.tokenHash, pending.email, pending.passwordHash, pending.lifeSeconds],
  });
}

/** Uses up a token: of two that present it at once, one gets the registration. */
export async function takePendingRegistration(
  db: Queryable,
  tokenHash: Buffer,
): Promise<PendingRegistration | undefined> {
  const [row] = await db.query<PendingRegistration>({
    name: 'take-pending-registration',
    text: `delete from pending_registrations where token_hash = $1 and expires_at > clock_timestamp()
      returning email, password_hash as "passwordHash"`,
    values: [tokenHash],
  });
  return row;
}

/** Removes the other registrations of an address that has become an account. */
export async function deletePendingRegistrations(db: Queryable, email: string): Promise<void> {
  await db.query({
    name: 'delete-pending-registrations',
    text: 'delete from pending_registrations where email = $1',
    values: [email],
  });
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
