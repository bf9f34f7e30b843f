// Table known_networks: where an account has signed in from. Only these may try while the account is under
// attack (LOGIN_FAILURES_MAX). A login remembers its own (logins.ts).

import type { Queryable } from '../db/database.ts';

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
