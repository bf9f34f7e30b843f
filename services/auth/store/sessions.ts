// Table sessions: one row per session. A living session is neither ended nor past its idle or absolute end,
// all by the database's clock.

import type { Queryable } from '../db/database.ts';

export type Session = {
  readonly id: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  /** The earlier of the idle and the absolute end, microseconds as all times here. */
  readonly expiresAt: number;
  readonly ip: string;
  readonly userAgent: string | null;
};

export type RefreshRow = {
  readonly nonceHash: Buffer;
  readonly generation: number;
  readonly rotatedAt: number;
  readonly idleExpiresAt: number;
  readonly expiresAt: number;
  readonly authTime: number;
  readonly revokedAt: number | null;
  /** Read after the row was locked. */
  readonly now: number;
};

export type RevokeReason =
  | 'logout'
  | 'deleted'
  | 'deleted_by_admin'
  | 'reuse'
  | 'disabled'
  | 'password_changed'
  | 'too_many'
  | 'client'
  | 'restored'
  | 'master_key_changed';

const living = 'revoked_at is null and least(idle_expires_at, expires_at) > clock_timestamp()';

const refreshColumns = `nonce_hash as "nonceHash", generation, micros(rotated_at) as "rotatedAt",
        micros(idle_expires_at) as "idleExpiresAt", micros(expires_at) as "expiresAt",
        micros(auth_time) as "authTime", micros(revoked_at) as "revokedAt",
        micros(clock_timestamp()) as now`;

export type RefreshState = RefreshRow & { readonly userId: string; readonly isUserDisabled: boolean };

/** A session as a refresh would find it, without holding anybody up. */
export async function findRefreshState(db: Queryable, id: string): Promise<RefreshState | undefined> {
  const [row] = await db.query<RefreshState>({
    name: 'find-refresh-state',
    text: `select ${refreshColumns}, user_id as "userId", is_disabled as "isUserDisabled"
      from sessions, lateral (select disabled_at is not null as is_disabled from users
        where users.id = user_id) as account
      where id = $1`,
    values: [id],
  });
  return row;
}

/** Takes a session for a refresh; the account must be locked already. The CTE makes the clock read after the lock. */
export async function lockSession(db: Queryable, id: string): Promise<RefreshRow | undefined> {
  const [row] = await db.query<RefreshRow>({
    name: 'lock-session',
    text: `with locked as materialized (select * from sessions where id = $1 for update)
      select ${refreshColumns} from locked`,
    values: [id],
  });
  return row;
}

export type EndedSession = { readonly id: string; readonly userId: string; readonly endedAt: number };

const ended = `id, user_id as "userId", micros(revoked_at) as "endedAt"`;

/** Ends a session, past its lifetime or not, so that its access tokens die too; undefined when it was ended already. */
export async function revokeSession(
  db: Queryable,
  id: string,
  reason: RevokeReason,
): Promise<EndedSession | undefined> {
  const [row] = await db.query<EndedSession>({
    name: 'revoke-session',
    text: `update sessions set revoked_at = clock_timestamp(), revoke_reason = $2
      where id = $1 and revoked_at is null
      returning ${ended}`,
    values: [id, reason],
  });
  return row;
}

/** Ends one living session of a user; undefined when there is none: another's answers as one that is not. */
export async function revokeLivingSession(
  db: Queryable,
  id: string,
  userId: string,
): Promise<EndedSession | undefined> {
  const [row] = await db.query<EndedSession>({
    name: 'revoke-living-session',
    text: `update sessions set revoked_at = clock_timestamp(), revoke_reason = 'deleted'
      where id = $1 and user_id = $2 and ${living}
      returning ${ended}`,
    values: [id, userId],
  });
  return row;
}

/**
 * Ends all sessions of a user but one, past their lifetime or not, so that their access tokens die too; the account
 * must be locked already.
 */
export async function revokeSessionsOfUser(
  db: Queryable,
  userId: string,
  reason: RevokeReason,
  exceptId?: string,
): Promise<EndedSession[]> {
  return db.query<EndedSession>({
    name: 'revoke-sessions-of-user',
    text: `update sessions set revoked_at = clock_timestamp(), revoke_reason = $2
      where user_id = $1 and ($3::uuid is null or id <> $3) and revoked_at is null
      returning ${ended}`,
    values: [userId, reason, exceptId ?? null],
  });
}

/** Ends the oldest living sessions beyond the `keep` newest; the account must be locked already. */
export async function revokeOldestSessions(
  db: Queryable,
  userId: string,
  keep: number,
): Promise<EndedSession[]> {
  return db.query<EndedSession>({
    name: 'revoke-oldest-sessions',
    text: `update sessions set revoked_at = clock_timestamp(), revoke_reason = 'too_many'
      where id in (select id from sessions where user_id = $1 and ${living} order by id desc offset $2)
      returning ${ended}`,
    values: [userId, keep],
  });
}

/** Living ones, newest first, from after `beforeId` on. */
export async function listSessions(
  db: Queryable,
  userId: string,
  beforeId: string | undefined,
  limit: number,
): Promise<Session[]> {
  return db.query<Session>({
    name: 'list-sessions',
    text: `select id, micros(created_at) as "createdAt", micros(last_used_at) as "lastUsedAt",
        micros(least(idle_expires_at, expires_at)) as "expiresAt", ip, user_agent as "userAgent"
      from sessions
      where user_id = $1 and ($2::uuid is null or id < $2) and ${living}
      order by id desc limit $3`,
    values: [userId, beforeId ?? null, limit],
  });
}

/**
 * Removes up to `limit` sessions that ended more than `afterSeconds` ago; rows somebody holds are left for
 * the next time, so that cleaning never waits and never makes anyone wait.
 */
export async function deleteEndedSessions(
  db: Queryable,
  afterSeconds: number,
  limit: number,
): Promise<number> {
  const rows = await db.query({
    name: 'delete-ended-sessions',
    text: `delete from sessions where id in (
        select id from sessions
        where least(revoked_at, idle_expires_at, expires_at) < clock_timestamp() - make_interval(secs => $1)
        limit $2 for update skip locked)
      returning id`,
    values: [afterSeconds, limit],
  });
  return rows.length;
}

/** Of all users; how many there were. */
export async function endEverySession(db: Queryable, reason: RevokeReason): Promise<number> {
  const [row] = await db.query<{ count: number }>({
    name: 'end-every-session',
    text: `with ended as (
        update sessions set revoked_at = clock_timestamp(), revoke_reason = $1
        where revoked_at is null returning 1)
      select count(*)::int as count from ended`,
    values: [reason],
  });
  return row!.count;
}
