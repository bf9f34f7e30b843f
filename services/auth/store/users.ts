// Table users: accounts as they are added, found and shown. Their passwords are in credentials.ts, whose a token is in
// principals.ts, who may do what in user-rights.ts. Locks, for all four: whoever changes an account's rights takes its
// row `for update`; whoever issues tokens takes it `for no key update` (refresh and login) and reads the time of issue
// after that, so that every token is clearly before or after a change. The users row comes before a sessions row.

import type { Role } from '@pi-gateway/access-token/role.ts';
import type { Queryable } from '../db/database.ts';

export type User = {
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  readonly isDisabled: boolean;
  /** Microseconds, as all times of the store. */
  readonly createdAt: number;
  readonly lastLoginAt: number | null;
};

/** What a `User` is read from. */
export const userColumns = `users.id, email, role, disabled_at is not null as "isDisabled",
  micros(users.created_at) as "createdAt", micros(last_login_at) as "lastLoginAt"`;

/** Adds an account; undefined when the address is taken (the unique index decides between parallel ones). */
export async function insertUser(
  db: Queryable,
  user: { readonly email: string; readonly passwordHash: string; readonly role: Role },
): Promise<User | undefined> {
  const [row] = await db.query<User>({
    name: 'insert-user',
    text: `insert into users (id, email, password_hash, role, created_at, tokens_valid_after)
      select uuid_v7(now), $1, $2, $3, now, now from (select clock_timestamp() as now) as clock
      on conflict (email) do nothing
      returning ${userColumns}`,
    values: [user.email, user.passwordHash, user.role],
  });
  return row;
}

export async function findUser(db: Queryable, id: string): Promise<User | undefined> {
  const [row] = await db.query<User>({
    name: 'find-user',
    text: `select ${userColumns} from users where id = $1`,
    values: [id],
  });
  return row;
}

export async function isEmailTaken(db: Queryable, email: string): Promise<boolean> {
  const rows = await db.query({
    name: 'is-email-taken',
    text: 'select from users where email = $1',
    values: [email],
  });
  return rows.length > 0;
}

export type UserFilter = {
  readonly email: string | undefined;
  readonly role: Role | undefined;
  readonly disabled: boolean | undefined;
};

/** Newest first (ids carry the time), from after `beforeId` on. */
export async function listUsers(
  db: Queryable,
  filter: UserFilter,
  beforeId: string | undefined,
  limit: number,
): Promise<User[]> {
  return db.query<User>({
    name: 'list-users',
    text: `select ${userColumns} from users
      where ($1::text is null or email = $1)
        and ($2::text is null or role = $2)
        and ($3::boolean is null or (disabled_at is not null) = $3)
        and ($4::uuid is null or id < $4)
      order by id desc limit $5`,
    values: [filter.email ?? null, filter.role ?? null, filter.disabled ?? null, beforeId ?? null, limit],
  });
}
