// A refresh that rotates, as one statement over the tables users, sessions and the audit log: the commonest change of all
// goes once to the database, and holds its rows for as short as can be. It changes a row exactly when
// domain/decide-refresh.ts says `rotate`, and to the same values (rotations.test.ts holds the two against each other);
// whatever else a token may be is found out by a transaction that loads, decides and saves.

import type { AuditOrigin } from '../audit/audit-event.ts';
import type { Queryable } from '../db/database.ts';
import { protectPerson, storeBornEvents } from './audit-events.ts';
import { type User, userColumns } from './users.ts';

export type Rotation = {
  readonly sessionId: string;
  /** Of the token that came; its successor has the next. */
  readonly generation: number;
  readonly nonceHash: Buffer;
  readonly idleTtlSeconds: number;
  readonly origin: AuditOrigin;
};

export type Rotated = {
  readonly user: User;
  readonly generation: number;
  /** Microseconds, as all times here; after every earlier change of rights. */
  readonly issuedAt: number;
  readonly authTime: number;
  /** The earlier of the session's idle and absolute end. */
  readonly sessionEndsAt: number;
};

/**
 * The next generation of a session, with its event. Undefined, and nothing changed, when the token is not the current
 * one of a living session of an account that is not disabled. The account is held first, then the session, and the
 * clock is read between: whoever had to wait for a change of rights sees it.
 */
export async function rotateSession(db: Queryable, rotation: Rotation): Promise<Rotated | undefined> {
  const { sessionId, generation, nonceHash, idleTtlSeconds, origin } = rotation;
  const { ip, userAgent, requestId } = origin;
  const { salt, personalHash } = protectPerson({ ip, userAgent });
  const [row] = await db.query<User & Omit<Rotated, 'user'>>({
    name: 'rotate-session',
    text: `with account as materialized (
        select ${userColumns}, tokens_valid_after
        from users join sessions on sessions.user_id = users.id
        where sessions.id = $1 and disabled_at is null for no key update of users
      ), held as materialized (
        select id as account_id, clock_timestamp() as now from account
      ), rotated as (
        update sessions set generation = generation + 1, rotated_at = now, last_used_at = now,
          idle_expires_at = least(now + make_interval(secs => $4), expires_at)
        from held
        where id = $1 and user_id = account_id and generation = $2 and nonce_hash = $3 and revoked_at is null
          and least(idle_expires_at, expires_at) > now
        returning id as session_id, user_id, generation, now as rotated_now, micros(auth_time) as "authTime",
          micros(idle_expires_at) as "sessionEndsAt"
      ), born as materialized (
        select uuid_v7(now) as id, now, 'token.refreshed' as event, 'success' as outcome, user_id as actor_id,
          user_id as target_id, session_id, $5::text as request_id,
          jsonb_build_object('generation', generation) as data, $6::bytea as salt, $7::text as personal_hash,
          $8::text as ip, $9::text as user_agent, null::jsonb as personal
        from (select clock_timestamp() as now, session_id, user_id, generation from rotated) as timed
      ), ${storeBornEvents}
      select account.id, email, role, "isDisabled", "createdAt", "lastLoginAt", generation, "authTime",
        micros(greatest(rotated_now, tokens_valid_after + interval '1 microsecond')) as "issuedAt", "sessionEndsAt"
      from rotated join account on account.id = user_id`,
    values: [sessionId, generation, nonceHash, idleTtlSeconds, requestId, salt, personalHash, ip, userAgent],
  });
  if (row === undefined) return undefined;
  const { generation: next, issuedAt, authTime, sessionEndsAt, ...user } = row;
  return { user, generation: next, issuedAt, authTime, sessionEndsAt };
}
