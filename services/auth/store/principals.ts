// Table users, beside the sessions: whose a token is. Its locks: users.ts.

import type { Queryable } from '../db/database.ts';
import { type User, userColumns } from './users.ts';

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
    text: `select ${userColumns}, micros(tokens_valid_after) as "tokensValidAfter",
        exists (select from sessions
          where sessions.id = $2 and user_id = users.id and revoked_at is null) as "isSessionLiving"
      from users where id = $1`,
    values: [userId, sessionId],
  });
  return row;
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
    text: `select ${userColumns}, micros(tokens_valid_after) as "tokensValidAfter"
      from users join sessions on sessions.user_id = users.id
      where sessions.id = $1 for no key update of users`,
    values: [sessionId],
  });
  return row;
}
