// Table users: passwords, what a login reads and what it and a change of password save. Its locks: users.ts.

import type { Queryable } from '../db/database.ts';
import { type User, userColumns } from './users.ts';

export type Credentials = {
  readonly id: string;
  readonly passwordHash: string;
  /** What it costs to verify: by the database's `password_class`. */
  readonly passwordClass: string;
  readonly isDisabled: boolean;
};

// From one class to the next in their index: as many steps as there are classes, however many accounts.
const livingClasses = `with recursive classes as (
    (select password_class(password_hash) collate "C" as class from users order by 1 limit 1)
    union all
    select (select password_class(password_hash) collate "C" from users
      where password_class(password_hash) collate "C" > class order by 1 limit 1)
    from classes where class is not null
  )`;

/** The classes of the password hashes of all accounts. */
export async function listPasswordClasses(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ class: string }>({
    name: 'list-password-classes',
    text: `${livingClasses} select class from classes where class is not null`,
    values: [],
  });
  return rows.map((row) => row.class);
}

/** How many accounts have a hash of each class, most first. */
export async function countPasswordClasses(
  db: Queryable,
): Promise<{ readonly passwordClass: string; readonly accounts: number }[]> {
  return db.query({
    name: 'count-password-classes',
    text: `select password_class(password_hash) as "passwordClass", count(*) as accounts
      from users group by 1 order by 2 desc, 1`,
    values: [],
  });
}

/** What a login needs, read at one instant. */
export type LoginRow = {
  readonly credentials: Credentials | undefined;
  /** The classes of the password hashes of all accounts: a handful, found by as many steps in their index. */
  readonly passwordClasses: readonly string[];
};

export async function findCredentials(db: Queryable, email: string): Promise<LoginRow> {
  const [row] = await db.query<Nullable<Credentials> & { passwordClasses: string[] }>({
    name: 'find-credentials',
    text: `${livingClasses} select "passwordClasses", id, password_hash as "passwordHash",
        password_class(password_hash) as "passwordClass", disabled_at is not null as "isDisabled"
      from (select array(select class from classes where class is not null) as "passwordClasses") as living
        left join users on email = $1`,
    values: [email],
  });
  const { passwordClasses, ...found } = row!;
  return { passwordClasses, credentials: found.id === null ? undefined : (found as Credentials) };
}

type Nullable<T> = { [K in keyof T]: T[K] | null };

/**
 * Takes the account for a change of its password: no login and no change of rights runs beside it. Undefined when the
 * account is gone, disabled or its password is no longer the one that was verified.
 */
export async function lockVerifiedUser(
  db: Queryable,
  id: string,
  verifiedHash: string,
): Promise<User | undefined> {
  const [row] = await db.query<User>({
    name: 'lock-verified-user',
    text: `select ${userColumns} from users
      where id = $1 and password_hash = $2 and disabled_at is null for no key update`,
    values: [id, verifiedHash],
  });
  return row;
}

/**
 * Saves a new password; the account must be locked already. Every access token issued until now is dead from
 * here on, by a clock that was set back too, as with `saveUserRights`.
 * @returns that instant in microseconds.
 */
export async function savePassword(db: Queryable, id: string, passwordHash: string): Promise<number> {
  const [row] = await db.query<{ notBefore: number }>({
    name: 'save-password',
    text: `update users set password_hash = $2,
        tokens_valid_after = greatest(clock_timestamp(), tokens_valid_after + interval '1 microsecond')
      where id = $1
      returning micros(tokens_valid_after) as "notBefore"`,
    values: [id, passwordHash],
  });
  return row!.notBefore;
}
