// Table known_networks: where an account has signed in from. Only these may try while the account is under
// attack (LOGIN_FAILURES_MAX).

import type { Queryable } from '../db/database.ts';

const perUserMax = 50;

/** Remembers the network of a login; the ones used longest ago make room. */
export async function rememberNetwork(db: Queryable, userId: string, network: string): Promise<void> {
  await db.query({
    name: 'remember-network',
    text: `insert into known_networks (user_id, network, last_used_at) values ($1, $2, clock_timestamp())
      on conflict (user_id, network) do update set last_used_at = excluded.last_used_at`,
    values: [userId, network],
  });
  await db.query({
    name: 'forget-oldest-networks',
    text: `delete from known_networks where user_id = $1 and network in (
        select network from known_networks where user_id = $1 order by last_used_at desc offset $2)`,
    values: [userId, perUserMax],
  });
}

/** False too when there is no such account: in one statement, as a flood of an account under attack asks it each time. */
export async function isKnownNetwork(db: Queryable, email: string, network: string): Promise<boolean> {
  const rows = await db.query({
    name: 'is-known-network',
    text: `select from known_networks
      where user_id = (select id from users where email = $1) and network = $2`,
    values: [email, network],
  });
  return rows.length > 0;
}
