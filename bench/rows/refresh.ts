// Refreshes over HTTP, each with its audit event, beside pgbench with the same statements. Every client has an account
// and a session of its own. Once on a database that flushes each commit to disk, as production has it, and once on one
// that does not, where nothing is left but processor time, of which the two have two cores together.

import { hashNonce, readRefreshToken } from '@pi-gateway/auth/crypto/refresh-token.ts';
import { openDatabase } from '@pi-gateway/auth/db/database.ts';
import { rotateSession } from '@pi-gateway/auth/store/rotations.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { deriveSecret } from '@pi-gateway/master-key/derive-secret.ts';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { type BenchAuth, claimsOf } from '../harness/auth.ts';
import { runAuthLoad } from '../harness/auth-load.ts';
import { recordStatements, runPgbench, writeScript } from '../harness/pgbench.ts';
import type { Goal, Row } from '../harness/row.ts';
import {
  clients,
  connections,
  measurePair,
  type Pair,
  type PairFigures,
  pairLines,
} from './beside-pgbench.ts';

// A request that a window cut off has rotated all the same: its client comes again with the predecessor.
const env = { REFRESH_GRACE_SECONDS: '600' };
const names = {
  durable: 'refreshes over pgbench, commits on disk',
  fast: 'refreshes over pgbench, commits in memory',
} as const;
const places = { durable: 'commits on disk', fast: 'commits in memory' } as const;

export const refreshRow: Row = {
  id: 'refresh',
  question: 'How many refreshes does a database give?',
  programs: ['wrk', 'pgbench'],
  async run() {
    const durable = await measureRefresh(true);
    const fast = await measureRefresh(false);
    const request = 'POST /auth/refresh';
    return {
      lines: [...pairLines(request, places.durable, durable), ...pairLines(request, places.fast, fast)],
      goals: [goalOf(names.durable, durable), goalOf(names.fast, fast)],
    };
  },
};

const goalOf = (name: string, { http, bare }: PairFigures) => ({
  name,
  value: http / bare,
  unit: '×',
  bound: 0.6,
  isFloor: true,
});

/** Without a flush to disk, whose time changes with the disk, for some ten seconds. */
export async function measureShortRefresh(): Promise<readonly Goal[]> {
  return [goalOf(names.fast, await measureRefresh(false, 2))];
}

function measureRefresh(isDurable: boolean, rounds?: number): Promise<PairFigures> {
  return measurePair({ auth: { isDurable, env }, open: openRefreshes, ...(rounds && { rounds }) });
}

export async function openRefreshes({
  origin,
  databaseUrl,
  superuserUrl,
  folder,
  ...auth
}: BenchAuth): Promise<Pair> {
  const open = async (email: string) => {
    await auth.register(email);
    return auth.signIn(email);
  };
  const tokens: string[] = [];
  // pgbench has sessions of its own: what it writes into them would make their tokens used ones.
  const sessions: string[] = [];
  for (let at = 0; at < clients; at += 1) tokens.push((await open(`user${at}@example.com`)).refresh_token);
  for (let at = 0; at < connections; at += 1) {
    sessions.push(claimsOf(await open(`other${at}@example.com`)).sid);
  }
  const own: OwnSession[] = [];
  for (let at = 0; at < connections; at += 1) {
    const tokens = await open(`own${at}@example.com`);
    const token = readRefreshToken(
      tokens.refresh_token,
      deriveSecret(auth.masterKey, 'refresh-token-mac/v1'),
    )!;
    own.push({ sessionId: token.sessionId, nonceHash: hashNonce(token.nonce), generation: token.generation });
  }
  const script = writeScript(folder, 'refresh', await Promise.all(sessions.map(rotationLines)));
  return {
    async http(seconds) {
      const path = '/auth/refresh';
      const load = { origin, method: 'POST', path, form: 'json', isChain: true, folder, seconds } as const;
      const result = await runAuthLoad({ ...load, tokens: tokens.map((token) => [token]) });
      tokens.splice(0, tokens.length, ...result.lastTokens);
      return result;
    },
    bare: (seconds) =>
      runPgbench({ url: superuserUrl, script, connections, seconds, variables: { generation: 0 } }),
    client: (seconds) => rotateOwn(databaseUrl, own, seconds),
  };
}

type OwnSession = { readonly sessionId: string; readonly nonceHash: Buffer; generation: number };

/** Rotations a second in this process, each session over a connection of its own. */
async function rotateOwn(url: string, sessions: readonly OwnSession[], seconds: number): Promise<number> {
  const db = openDatabase({
    url,
    poolMax: sessions.length,
    log: createLog({ service: 'bench', level: 'error' }),
  });
  const endMs = performance.now() + seconds * 1000;
  let rotations = 0;
  const rotateAgain = async (session: OwnSession) => {
    while (performance.now() < endMs) {
      const { sessionId, nonceHash, generation } = session;
      const rotated = await rotateSession(db, {
        sessionId,
        nonceHash,
        generation,
        idleTtlSeconds: 3600,
        origin: originOf(),
      });
      if (rotated === undefined) throw new Error('a session of the bench is over');
      session.generation = rotated.generation;
      rotations += 1;
    }
  };
  try {
    await Promise.all(sessions.map(rotateAgain));
  } finally {
    await db.close();
  }
  return rotations / seconds;
}

const originOf = () => ({ ip: '127.0.0.1', userAgent: null, requestId: uuidV7(Date.now() * 1000) });

const generationMark = 987_654_321;
const nonceMark = Buffer.alloc(32, 0xab);

/** What services/auth/routes/session-refresh.ts sends; the generation is that of the last answer. */
async function rotationLines(sessionId: string): Promise<string[]> {
  const origin = originOf();
  const rotation = {
    sessionId,
    generation: generationMark,
    nonceHash: nonceMark,
    idleTtlSeconds: 3600,
    origin,
  };
  const [statement = '', ...more] = await recordStatements((db) => rotateSession(db, rotation));
  if (more.length > 0) throw new Error('a refresh is more than one statement now');
  return [
    '\\if :generation = 0',
    `select generation, '\\x' || encode(nonce_hash, 'hex') as nonce from sessions where id = '${sessionId}' \\gset`,
    '\\endif',
    `${statement
      .replaceAll(String(generationMark), ':generation')
      .replaceAll(`'\\x${nonceMark.toString('hex')}'`, ':nonce')} \\gset`,
  ];
}
