// Table users: roles, disabling, and the count that keeps the last admin. Its locks: users.ts.

import type { Role } from '@pi-gateway/access-token/role.ts';
import type { Queryable } from '../db/database.ts';
import { type User, userColumns } from './users.ts';

/** Takes the account for a change of rights or of several of its sessions. */
export async function lockUser(db: Queryable, id: string): Promise<User | undefined> {
  const [row] = await db.query<User>({
    name: 'lock-user',
    text: `select ${userColumns} from users where id = $1 for update`,
    values: [id],
  });
  return row;
}

/** Serialises all changes that could remove an admin, in all processes, until the end of the transaction. */
export async function lockAdmins(db: Queryable): Promise<void> {
  await db.query({ name: 'lock-admins', text: `select pg_advisory_xact_lock(5114071206)`, values: [] });
}

/** Admins, disabled ones included. */
export async function countAdmins(db: Queryable): Promise<number> {
  const [row] = await db.query<{ count: number }>({
    name: 'count-admins',
    text: `select count(*) from users where role = 'admin'`,
    values: [],
  });
  return row!.count;
}

/** Enabled admins beside one user; exact only under `lockAdmins`. */
export async function countOtherLivingAdmins(db: Queryable, id: string): Promise<number> {
  const [row] = await db.query<{ count: number }>({
    name: 'count-other-living-admins',
    text: `select count(*) from users where role = 'admin' and disabled_at is null and id <> $1`,
    values: [id],
  });
  return row!.count;
}

/**
 * Saves a change of rights. Every token issued until now is dead from here on, by a clock that was set back too:
 * tokens after the last change were issued a microsecond after it at the least.
 * @returns the account as it is now, and the instant (microseconds) up to which tokens are dead.
 */
export async function saveUserRights(
  db: Queryable,
  id: string,
  rights: { readonly role: Role; readonly isDisabled: boolean },
): Promise<{ readonly user: User; readonly notBefore: number }> {
  const [row] = await db.query<User & { readonly notBefore: number }>({
    name: 'save-user-rights',
    text: `update users set role = $2,
        disabled_at = case when $3 then coalesce(disabled_at, clock_timestamp()) end,
        tokens_valid_after = greatest(clock_timestamp(), tokens_valid_after + interval '1 microsecond')
      where id = $1
      returning ${userColumns}, micros(tokens_valid_after) as "notBefore"`,
    values: [id, rights.role, rights.isDisabled],
  });
  const { notBefore, ...user } = row!;
  return { user, notBefore };
}
