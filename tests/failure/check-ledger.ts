// Compares the ledger with the database as its superuser sees it, past all code of the product, and with what the
// system answers to the tokens that were used up.

import { verify } from '@node-rs/argon2';
import { send, type Target } from '../proofs/http-client.ts';
import type { Superuser } from '../proofs/superuser.ts';
import type { EventEntry, Ledger, SessionEntry, UserEntry } from './ledger.ts';

export type LedgerFigures = {
  readonly users: number;
  readonly sessions: number;
  readonly events: number;
  readonly tokensAskedAgain: number;
  /** Empty: everything acknowledged holds. */
  readonly broken: readonly string[];
};

type Row = Awaited<ReturnType<Superuser['rows']>>[number];

const askedAgainMax = 60;
const verifiedPasswordsMax = 40;

async function byId(database: Superuser, sql: string, ids: readonly string[]): Promise<Map<string, Row>> {
  const rows = await database.rows(sql, [ids]);
  return new Map(rows.map((row) => [String(row['id']), row]));
}

async function checkUsers(database: Superuser, users: readonly UserEntry[]): Promise<string[]> {
  const sql = `select id::text, role, (disabled_at is not null)::int as disabled, password_hash
    from users where id = any($1::uuid[])`;
  const rows = await byId(
    database,
    sql,
    users.map(({ id }) => id),
  );
  const broken: string[] = [];
  let verified = 0;
  for (const { id, roles, disabled, passwords } of users) {
    const row = rows.get(id);
    if (row === undefined) {
      broken.push('an acknowledged registration is gone');
      continue;
    }
    if (!roles.includes(String(row['role']))) broken.push(`role: ${row['role']}, not ${roles.join(' or ')}`);
    if (!disabled.includes(row['disabled'] === 1)) broken.push('an acknowledged disable is undone');
    if (passwords[0] === 'StrongPass123' && verified >= verifiedPasswordsMax) continue;
    verified += 1;
    const matches = await Promise.all(passwords.map((one) => verify(String(row['password_hash']), one)));
    if (!matches.includes(true)) broken.push('an acknowledged password is not the one that holds');
  }
  return broken;
}

async function checkSessions(database: Superuser, sessions: readonly SessionEntry[]): Promise<string[]> {
  const sql = `select id::text, generation, (revoked_at is not null)::int as revoked
    from sessions where id = any($1::uuid[])`;
  const rows = await byId(
    database,
    sql,
    sessions.map(({ id }) => id),
  );
  return sessions.flatMap(({ id, state, consumed }) => {
    const row = rows.get(id);
    if (state === 'living' && row?.['revoked'] !== 0) return ['a living session is gone'];
    if (state === 'ended' && row?.['revoked'] === 0) return ['a session that was ended lives'];
    if (row !== undefined && Number(row['generation']) < consumed.length + 1) return ['a rotation is undone'];
    return [];
  });
}

async function checkEvents(database: Superuser, events: readonly EventEntry[]): Promise<string[]> {
  const rows = await database.rows(
    `select event, request_id, coalesce(session_id, target_id)::text as session, target_id::text as target
     from audit_log where event = any($1)`,
    [[...new Set(events.map(({ event }) => event))]],
  );
  const byRequest = new Map<string, number>();
  const bySubject = new Map<string, number>();
  const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  for (const { event, request_id: requestId, session, target } of rows) {
    count(byRequest, `${event} ${requestId}`);
    for (const subject of new Set([session, target])) count(bySubject, `${event} ${subject}`);
  }
  return events.flatMap(({ event, requestId, subject }) => {
    const found =
      requestId === undefined ? bySubject.get(`${event} ${subject}`) : byRequest.get(`${event} ${requestId}`);
    return found === 1 ? [] : [`${event}: ${found ?? 0} events in place of one`];
  });
}

/** What holds of the database as a whole: no change without its event, and none told twice. */
async function checkSums(database: Superuser): Promise<string[]> {
  const [row] = await database.rows(`select
    (select count(*) from users)::int as users,
    (select count(*) from audit_log where event = 'user.registered')::int as registered,
    (select coalesce(sum(generation - 1), 0) from sessions)::int as rotations,
    (select count(*) from audit_log log join sessions on sessions.id = log.session_id
      where event = 'token.refreshed')::int as refreshed`);
  return [
    row?.['users'] === row?.['registered']
      ? []
      : [`${row?.['users']} users, ${row?.['registered']} registered`],
    row?.['rotations'] === row?.['refreshed']
      ? []
      : [`${row?.['rotations']} rotations, ${row?.['refreshed']} events of them`],
  ].flat();
}

/** Ended sessions stay dead for both tokens, and living ones go on. */
async function askAgain(
  entry: Target,
  sessions: readonly SessionEntry[],
  readPath: string,
): Promise<string[]> {
  const statusOf = async (refreshToken: string) => {
    const body = { refresh_token: refreshToken };
    return (await send(entry, { method: 'POST', path: '/api/auth/refresh', body })).status;
  };
  const answers = await Promise.all(
    sessions.map(async (session) => {
      const isEnded = session.state === 'ended';
      const read = await send(entry, { path: readPath, token: session.accessToken });
      const refreshed = await statusOf(session.token);
      const wanted = isEnded ? 401 : 200;
      const broken = [
        ...(isEnded && read.status !== 401 ? [`an access token of an ended session: ${read.status}`] : []),
        ...(refreshed === wanted ? [] : [`a refresh token of a session ${session.state}: ${refreshed}`]),
      ];
      // Older than the predecessor of the one just used: reuse, which ends the session.
      const [old] = session.consumed;
      const status = old === undefined ? 401 : await statusOf(old);
      if (status !== 401) broken.push(`a used refresh token: ${status}`);
      return broken;
    }),
  );
  return answers.flat();
}

export type CheckOptions = {
  readonly database: Superuser;
  readonly entry: Target;
  /** What an access token opens. */
  readonly readPath?: string;
};

/** Call it once the load is over and the system is whole again. */
export async function checkLedger(
  ledger: Ledger,
  { database, entry, readPath = '/up/x' }: CheckOptions,
): Promise<LedgerFigures> {
  const known = ledger.sessions.filter(({ state }) => state !== 'unknown');
  // Evenly from the whole run.
  const every = Math.max(1, Math.ceil(known.length / askedAgainMax));
  const again = known.filter((_, index) => index % every === 0);
  const broken = [
    ...ledger.violations,
    ...(await checkUsers(database, ledger.users)),
    ...(await checkSessions(database, ledger.sessions)),
    ...(await checkEvents(database, ledger.events)),
    ...(await checkSums(database)),
    ...(await askAgain(entry, again, readPath)),
  ];
  return {
    users: ledger.users.length,
    sessions: ledger.sessions.length,
    events: ledger.events.length,
    tokensAskedAgain: again.length,
    broken,
  };
}
