// A login as one statement over the tables users, sessions, known_networks and the audit log: the account is held for
// as short as can be, and a login costs little beside its password hash (`npm run bench -- login`). The times are read
// after the account's row was locked, so that every token is clearly before or after a change of rights.

import type { AuditOrigin } from '../audit/audit-event.ts';
import type { Queryable } from '../db/database.ts';
import { protectPerson, storeBornEvents } from './audit-events.ts';
import { type User, userColumns } from './users.ts';

export type NewLogin = {
  readonly userId: string;
  /** The login fails when it is not the account's any more. */
  readonly verifiedHash: string;
  /** Made when the old one is outdated. */
  readonly newHash: string | undefined;
  readonly nonceHash: Buffer;
  readonly idleTtlSeconds: number;
  readonly maxTtlSeconds: number;
  readonly network: string;
  readonly origin: AuditOrigin;
};

export type SavedLogin = {
  readonly user: User;
  readonly sessionId: string;
  /** Microseconds, after every earlier change of rights. */
  readonly at: number;
  /** The earlier of the session's idle and absolute end. */
  readonly endsAt: number;
};

// The ones used longest ago make room. What is used every minute is written down once a minute.
const networksMax = 50;

/**
 * The session, its event and everything else a login changes. Undefined when the account is gone, disabled or its
 * password is no longer the one that was verified.
 */
export async function saveLogin(db: Queryable, login: NewLogin): Promise<SavedLogin | undefined> {
  const { ip, userAgent, requestId } = login.origin;
  const { salt, personalHash } = protectPerson({ ip, userAgent });
  const [row] = await db.query<User & Omit<SavedLogin, 'user'>>({
    name: 'save-login',
    text: `with locked as materialized (
        select id, tokens_valid_after from users
        where id = $1 and password_hash = $2 and disabled_at is null for no key update
      ), login as materialized (
        select user_id, at, uuid_v7(at) as session_id, at + make_interval(secs => $6) as ends_at,
          at + least(make_interval(secs => $5), make_interval(secs => $6)) as idle_ends_at
        from (select id as user_id,
          greatest(clock_timestamp(), tokens_valid_after + interval '1 microsecond') as at from locked) as timed
      ), session as (
        insert into sessions (id, user_id, nonce_hash, generation, rotated_at, created_at, last_used_at,
          auth_time, idle_expires_at, expires_at, ip, user_agent)
        select session_id, user_id, $4::bytea, 1, at, at, at, at, idle_ends_at, ends_at, $8, $9 from login
      ), network as (
        insert into known_networks (user_id, network, last_used_at) select user_id, $7, clock_timestamp() from login
        on conflict (user_id, network) do update set last_used_at = excluded.last_used_at
          where known_networks.last_used_at < excluded.last_used_at - interval '1 minute'
        returning xmax = 0 as is_new
      ), forgotten as (
        delete from known_networks where user_id = $1 and exists (select from network where is_new)
          and network in (select network from known_networks where user_id = $1
            order by last_used_at desc offset ${networksMax - 1})
      ), born as materialized (
        select uuid_v7(now) as id, now, 'login.succeeded' as event, 'success' as outcome, user_id as actor_id,
          user_id as target_id, session_id, $10::text as request_id, '{}'::jsonb as data, $11::bytea as salt,
          $12::text as personal_hash, $8::text as ip, $9::text as user_agent, null::jsonb as personal
        from (select clock_timestamp() as now, user_id, session_id from login) as timed
      ), ${storeBornEvents}
      update users set last_login_at = at, password_hash = coalesce($3, password_hash)
      from login where users.id = user_id
      returning ${userColumns}, session_id as "sessionId", micros(at) as at, micros(idle_ends_at) as "endsAt"`,
    values: [
      login.userId,
      login.verifiedHash,
      login.newHash ?? null,
      login.nonceHash,
      login.idleTtlSeconds,
      login.maxTtlSeconds,
      login.network,
      ip,
      userAgent,
      requestId,
      salt,
      personalHash,
    ],
  });
  if (row === undefined) return undefined;
  const { sessionId, at, endsAt, ...user } = row;
  return { user, sessionId, at, endsAt };
}
