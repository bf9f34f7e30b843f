// Logouts over HTTP, each with its audit event and its revocation, beside pgbench with the same statements. Each ends a
// session of its own: enough of them are made beforehand, some for the one, some for the other.

import { encodeRefreshToken, hashNonce, newNonce } from '@pi-gateway/auth/crypto/refresh-token.ts';
import { endSession } from '@pi-gateway/auth/http/end-session.ts';
import { findRefreshState } from '@pi-gateway/auth/store/sessions.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import type { BenchAuth } from '../harness/auth.ts';
import { runAuthLoad } from '../harness/auth-load.ts';
import { recordStatements, runPgbench, writeScript } from '../harness/pgbench.ts';
import type { Row } from '../harness/row.ts';
import { clients, connections, measurePair, type Pair, pairLines } from './beside-pgbench.ts';

const rounds = 3;
/** Of one connection in one window: more than it can end. */
const perWindow = 3000;
const perConnection = (rounds + 1) * perWindow;
const idPrefix = '019a0000-0000-7000-8000-';

export const logoutRow: Row = {
  id: 'logout',
  question: 'How many logouts does a database give?',
  programs: ['wrk', 'pgbench'],
  async run() {
    const request = 'POST /auth/logout';
    const durable = await measurePair({ auth: { isDurable: true }, open: openLogouts, rounds });
    const fast = await measurePair({ auth: {}, open: openLogouts, rounds });
    return {
      lines: [
        ...pairLines(request, 'commits on disk', durable),
        ...pairLines(request, 'commits in memory', fast),
      ],
    };
  },
};

/** Of the n-th session. */
const idOf = (n: number) => `${idPrefix}${n.toString(16).padStart(12, '0')}`;

async function openLogouts({ origin, superuserUrl, folder, masterKey, query }: BenchAuth): Promise<Pair> {
  const nonce = newNonce();
  await query(
    `with account as (
        insert into users (id, email, password_hash, role, created_at, tokens_valid_after)
        select uuid_v7(now()), n || '@example.com', 'none', 'user', now(), now() from generate_series(0, $1::int - 1) n
        returning id
      )
      insert into sessions (id, user_id, nonce_hash, generation, rotated_at, created_at, last_used_at, auth_time,
        idle_expires_at, expires_at, ip)
      select ('${idPrefix}' || lpad(to_hex(place * $2::bigint + n), 12, '0'))::uuid, id, $3, 1, now(), now(), now(), now(),
        now() + interval '1 day', now() + interval '1 day', '127.0.0.1'
      from (select id, row_number() over () - 1 as place from account) as placed, generate_series(0, $2::int - 1) n`,
    [clients + connections, perConnection, hashNonce(nonce)],
  );
  const macKey = deriveSecret(masterKey, 'refresh-token-mac/v1');
  const tokenOf = (n: number) => encodeRefreshToken({ sessionId: idOf(n), generation: 1, nonce }, macKey);
  const script = writeScript(folder, 'logout', await Promise.all(range(connections).map(logoutLines)));
  return {
    http(seconds, round) {
      const tokens = range(clients).map((at) =>
        range(perWindow).map((n) => tokenOf(at * perConnection + round * perWindow + n)),
      );
      const load = { origin, method: 'POST', path: '/auth/logout', form: 'json', folder, seconds } as const;
      return runAuthLoad({ ...load, tokens });
    },
    bare: (seconds, round) =>
      runPgbench({ url: superuserUrl, script, connections, seconds, variables: { at: round * perWindow } }),
  };
}

const range = (length: number) => Array.from({ length }, (_, n) => n);

const config = { accessTokenTtlSeconds: 600, clockSkewSeconds: 5 };
const mark = idOf(0xab_cdef);

/** What services/auth/routes/session-logout.ts sends, for one session after the other. */
async function logoutLines(client: number): Promise<string[]> {
  const nowMicros = Date.now() * 1000;
  const caller = { ip: '127.0.0.1', userAgent: undefined, requestId: uuidV7(nowMicros) };
  const ended = { id: mark, userId: idOf(0xfe), endedAt: nowMicros };
  const statements = await recordStatements(
    async (db) => {
      await findRefreshState(db, mark);
      await endSession({ db, config } as never, mark, caller as never, {
        reason: 'logout',
        event: 'logout',
        isByUser: true,
        data: {},
      });
    },
    { 'revoke-session': [ended] },
  );
  const first = (clients + client) * perConnection;
  const session = `('${idPrefix}' || lpad(to_hex(${first} + :at::bigint), 12, '0'))::uuid`;
  return [...statements.map((text) => `${text.replaceAll(`E'${mark}'`, session)};`), '\\set at :at + 1'];
}
