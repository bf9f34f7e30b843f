// What the erasure of a person removes, for the owner of the schema: the application's role may remove none of it.

import type { Queryable } from '../db/database.ts';

/** With its sessions and known networks. */
export async function deleteUser(db: Queryable, id: string): Promise<void> {
  await db.query({ name: 'delete-user', text: 'delete from users where id = $1', values: [id] });
}

export async function deletePendingRegistrationsOf(db: Queryable, email: string): Promise<void> {
  await db.query({
    name: 'delete-pending-of',
    text: 'delete from pending_registrations where email = $1',
    values: [email],
  });
}

export type ErasedSideRow = {
  readonly id: string;
  /** The event itself names the user, as who acted or whom it concerns. */
  readonly isNamed: boolean;
};

/**
 * Removes what the audit log tells of a person: of all that the user did, of what befell him without anybody's doing,
 * of what others did to him the part that is his, and of attempts on his address. Where another acted, IP and user agent
 * are that other's, and stay. @param account by `accountKey`; undefined: it is not known any more.
 */
export async function deleteSideRows(
  db: Queryable,
  userId: string,
  account: string | undefined,
): Promise<ErasedSideRow[]> {
  return db.query<ErasedSideRow>({
    name: 'delete-side-rows',
    text: `with own as (
        select id from audit_log where actor_id = $1
        union select id from audit_log where target_id = $1 and actor_id is null
        union select personal.id from audit_log join audit_personal as personal using (id)
          where target_id = $1 and personal.data is not null
        union select id from audit_personal where data is not null and data ->> 'account' = $2
      ), gone as (
        delete from audit_personal where id in (select id from own) returning id
      )
      select gone.id, coalesce(actor_id = $1, false) or coalesce(target_id = $1, false) as "isNamed"
      from gone join audit_log using (id) order by gone.id`,
    values: [userId, account ?? null],
  });
}

/** Whether an erasure of that user is on record. */
export async function wasErased(db: Queryable, userId: string): Promise<boolean> {
  const rows = await db.query({
    name: 'was-erased',
    text: `select from audit_log where event = 'user.erased' and target_id = $1 limit 1`,
    values: [userId],
  });
  return rows.length > 0;
}
