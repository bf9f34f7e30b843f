// What auth answers without a change: who am I, and whether a token is active. Beside pgbench with the one statement of
// each, so that it shows what the check of a token and HTTP cost.

import { findPrincipal } from '@pi-gateway/auth/store/principals.ts';
import { type BenchAuth, claimsOf } from '../harness/auth.ts';
import { runAuthLoad } from '../harness/auth-load.ts';
import { recordStatements, runPgbench, writeScript } from '../harness/pgbench.ts';
import type { Row } from '../harness/row.ts';
import { connections, measurePair, type Pair, pairLines } from './beside-pgbench.ts';

const client = { name: 'bench', secret: 'x'.repeat(32) } as const;
const requests = {
  me: { method: 'GET', path: '/auth/me', form: 'bearer' },
  introspection: { method: 'POST', path: '/oauth/introspect', form: 'form' },
} as const;
const basic = `Basic ${Buffer.from(`${client.name}:${client.secret}`).toString('base64')}`;

const rowOf = (id: keyof typeof requests, question: string): Row => ({
  id,
  question,
  programs: ['wrk', 'pgbench'],
  async run() {
    const env = { SERVICE_CLIENTS: `${client.name}:${client.secret}` };
    const figures = await measurePair({ auth: { env }, open: (auth) => openReads(auth, id), rounds: 3 });
    const { method, path } = requests[id];
    return { lines: pairLines(`${method} ${path}`, 'nothing written', figures) };
  },
});

export const meRow = rowOf('me', 'What does GET /auth/me cost?');
export const introspectionRow = rowOf('introspection', 'What does an introspection cost?');

async function openReads(
  { origin, superuserUrl, folder, ...auth }: BenchAuth,
  id: keyof typeof requests,
): Promise<Pair> {
  const tokens: string[] = [];
  const lines: string[][] = [];
  for (let at = 0; at < connections; at += 1) {
    const email = `user${at}@example.com`;
    await auth.register(email);
    const pair = await auth.signIn(email);
    tokens.push(pair.access_token);
    const { sub, sid } = claimsOf(pair);
    const statements = await recordStatements((db) => findPrincipal(db, sub, sid));
    lines.push(statements.map((text) => `${text};`));
  }
  const script = writeScript(folder, id, lines);
  return {
    http: (seconds) =>
      runAuthLoad({
        origin,
        ...requests[id],
        basic,
        folder,
        seconds,
        tokens: tokens.map((token) => [token]),
      }),
    bare: (seconds) => runPgbench({ url: superuserUrl, script, connections, seconds }),
  };
}
