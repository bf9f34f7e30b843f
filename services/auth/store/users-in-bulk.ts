// Accounts that come from another system, or leave for one: many rows a statement, hashes included.

import type { Role } from '@pi-gateway/access-token/role.ts';
import type { Queryable } from '../db/database.ts';

export type BulkUser = {
  /** Undefined: a new one, with the time of its making. */
  readonly id: string | undefined;
  readonly email: string;
  readonly passwordHash: string;
  readonly role: Role;
  readonly isDisabled: boolean;
  /** Microseconds; undefined: now. */
  readonly createdAt: number | undefined;
  readonly lastLoginAt: number | undefined;
};

/** Adds accounts; one whose address or id is known already is left out. @returns the ids of those that were added. */
export async function insertUsers(db: Queryable, users: readonly BulkUser[]): Promise<string[]> {
  const rows = await db.query<{ id: string }>({
    name: 'insert-users',
    text: `insert into users
        (id, email, password_hash, role, disabled_at, created_at, last_login_at, tokens_valid_after)
      select coalesce(id, uuid_v7(coalesce(from_micros(created), now))), email, hash, role,
        case when disabled then now end, coalesce(from_micros(created), now), from_micros(last_login), now
      from (select clock_timestamp() as now) as clock,
        unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::bigint[], $7::bigint[])
          as given (id, email, hash, role, disabled, created, last_login)
      on conflict do nothing
      returning id`,
    values: [
      users.map(({ id }) => id ?? null),
      users.map(({ email }) => email),
      users.map(({ passwordHash }) => passwordHash),
      users.map(({ role }) => role),
      users.map(({ isDisabled }) => isDisabled),
      users.map(({ createdAt }) => createdAt ?? null),
      users.map(({ lastLoginAt }) => lastLoginAt ?? null),
    ],
  });
  return rows.map(({ id }) => id);
}

/** Which of these addresses have an account. */
export async function listKnownEmails(
  db: Queryable,
  emails: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ email: string }>({
    name: 'list-known-emails',
    text: 'select email from users where email = any($1)',
    values: [emails],
  });
  return new Set(rows.map(({ email }) => email));
}

/** With their hashes, by id, from after `afterId` on. */
export async function listUsersWithHashes(
  db: Queryable,
  afterId: string | undefined,
  limit: number,
): Promise<(BulkUser & { readonly id: string; readonly createdAt: number })[]> {
  const rows = await db.query<BulkUser & { id: string; createdAt: number; lastLoginAt: number | null }>({
    name: 'list-users-with-hashes',
    text: `select id, email, password_hash as "passwordHash", role, disabled_at is not null as "isDisabled",
        micros(created_at) as "createdAt", micros(last_login_at) as "lastLoginAt"
      from users where $1::uuid is null or id > $1 order by id limit $2`,
    values: [afterId ?? null, limit],
  });
  return rows.map((row) => ({ ...row, lastLoginAt: row.lastLoginAt ?? undefined }));
}
