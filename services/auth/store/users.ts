// Table users. Locks: whoever changes an account's rights takes its row `for update`; whoever issues tokens
// takes it `for no key update` (refresh and login) and reads the time of issue after that, so
// that every token is clearly before or after a change. The users row always comes before a sessions row.

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

export type Credentials = {
  readonly id: string;
  readonly passwordHash: string;
  /** What it costs to verify: by the database's `password_class`. */
  readonly passwordClass: string;
  readonly isDisabled: boolean;
};

const columns = `users.id, email, role, disabled_at is not null as "isDisabled",
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
      returning ${columns}`,
    values: [user.email, user.passwordHash, user.role],
  });
  return row;
}

export async function findUser(db: Queryable, id: string): Promise<User | undefined> {
  const [row] = await db.query<User>({
    name: 'find-user',
    text: `select ${columns} from users where id = $1`,
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

export type Principal = User & {
  /** The session of the token stands and was not ended. */
  readonly isSessionLiving: boolean;
  /** Microseconds: tokens issued then or before are dead. */
  readonly tokensValidAfter: number;
};

/** The account behind an access token, and whether its session was not ended. */
export async function findPrincipal(
  db: Queryable,
  userId: string,
  sessionId: string,
): Promise<Principal | undefined> {
  const [row] = await db.query<Principal>({
    name: 'find-principal',
    text: `select ${columns}, micros(tokens_valid_after) as "tokensValidAfter",
        exists (select from sessions
          where sessions.id = $2 and user_id = users.id and revoked_at is null) as "isSessionLiving"
      from users where id = $1`,
    values: [userId, sessionId],
  });
  return row;
}

/**
 * Takes the account for a login: no other login and no change of rights runs beside it. Undefined when the
 * account is gone, disabled or its password is no longer the one that was verified.
 */
export async function lockUserForLogin(
  db: Queryable,
  id: string,
  verifiedHash: string,
): Promise<User | undefined> {
  const [row] = await db.query<User>({
    name: 'lock-user-for-login',
    text: `select ${columns} from users
      where id = $1 and password_hash = $2 and disabled_at is null for no key update`,
    values: [id, verifiedHash],
  });
  return row;
}

/** Records the login and gives its time, which is after every earlier change of rights. */
export async function saveLogin(db: Queryable, id: string, newHash: string | undefined): Promise<number> {
  const [row] = await db.query<{ now: number }>({
    name: 'save-login',
    text: `with clock as materialized (select greatest(clock_timestamp(), tokens_valid_after + interval '1 microsecond') as now
        from users where id = $1)
      update users set last_login_at = now, password_hash = coalesce($2, password_hash)
      from clock where id = $1 returning micros(now) as now`,
    values: [id, newHash ?? null],
  });
  return row!.now;
}

/**
 * The account of a session, held against changes of rights until the end of the transaction. Not shared with other
 * refreshes: whoever waits gets an exclusive lock in his turn, while a shared one could be kept from a disable for
 * ever by refreshes that never pause.
 */
export async function lockUserOfSession(
  db: Queryable,
  sessionId: string,
): Promise<(User & { readonly tokensValidAfter: number }) | undefined> {
  const [row] = await db.query<User & { readonly tokensValidAfter: number }>({
    name: 'lock-user-of-session',
    text: `select ${columns}, micros(tokens_valid_after) as "tokensValidAfter"
      from users join sessions on sessions.user_id = users.id
      where sessions.id = $1 for no key update of users`,
    values: [sessionId],
  });
  return row;
}

/** Takes the account for a change of rights or of several of its sessions. */
export async function lockUser(db: Queryable, id: string): Promise<User | undefined> {
  const [row] = await db.query<User>({
    name: 'lock-user',
    text: `select ${columns} from users where id = $1 for update`,
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
      returning ${columns}, micros(tokens_valid_after) as "notBefore"`,
    values: [id, rights.role, rights.isDisabled],
  });
  const { notBefore, ...user } = row!;
  return { user, notBefore };
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
    text: `select ${columns} from users
      where ($1::text is null or email = $1)
        and ($2::text is null or role = $2)
        and ($3::boolean is null or (disabled_at is not null) = $3)
        and ($4::uuid is null or id < $4)
      order by id desc limit $5`,
    values: [filter.email ?? null, filter.role ?? null, filter.disabled ?? null, beforeId ?? null, limit],
  });
}
