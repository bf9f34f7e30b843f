// Whether a million live revocations make a request dearer, and what they hold in memory: two gateways, each with an auth
// and a database of its own, one of them with a million revocations that it has to load.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type BenchAuth, withAuth } from '../harness/auth.ts';
import { type BenchRoom, withRoom } from '../harness/bench-room.ts';
import { gatewayYaml, startGateway } from '../harness/gateway.ts';
import { measureAll, type Subject } from '../harness/measure.ts';
import { measuredCores, otherCores } from '../harness/processes.ts';
import type { Row } from '../harness/row.ts';
import { columnsOf, usual } from './compare.ts';

const million = 1_000_000;
const users = 50;
const loadTimeoutMs = 120_000;
const env = { ACCESS_TOKEN_TTL_SECONDS: '86400', PUBLIC_URL: 'http://bench.localhost' };
const options = { cores: otherCores, env };

export const revocationsRow: Row = {
  id: 'revocations',
  question: 'What do 1,000,000 live revocations cost?',
  programs: ['wrk', 'nginx'],
  run: () =>
    withRoom((room) =>
      withAuth(options, (few) =>
        withAuth(options, async (many) => {
          // Not of the last half minute, which gateways ask for again and again.
          await many.query(
            `insert into revocations (kind, id, not_before, until, created_at)
              select 'session', uuid_v7(now()), now(), now() + interval '1 day', now() - make_interval(secs => 3600 + n * 0.01)
              from generate_series(1, $1::int) n`,
            [million],
          );
          const measured = await measureAll(
            [
              await openSubject(room, few, 'no revocation', 0),
              await openSubject(room, many, '1,000,000 revocations', million),
            ],
            { rounds: 5, withLatency: false },
          );
          return { lines: columnsOf(measured) };
        }),
      ),
    ),
};

async function openSubject(room: BenchRoom, auth: BenchAuth, name: string, count: number): Promise<Subject> {
  const tokens: string[] = [];
  for (let i = 0; i < users; i += 1) {
    await auth.register(`user${i}@example.com`);
    tokens.push((await auth.signIn(`user${i}@example.com`)).access_token);
  }
  const file = join(room.folder, `tokens-${count}`);
  writeFileSync(file, `${tokens.join('\n')}\n`);
  const place = { ...room, name: `own-${count}`, cores: measuredCores, config: gatewayYaml(room.service) };
  const { pids, origin } = await startGateway({
    ...place,
    env: {
      AUTH_URL: auth.origin,
      MASTER_KEY: auth.masterKey.toString('hex'),
      PUBLIC_URL: env.PUBLIC_URL,
    },
  });
  await untilReady(origin);
  return { name, pids, load: { ...usual, origin, path: '/checked/x', tokens: file } };
}

/** A gateway is ready when all revocations are loaded. */
async function untilReady(origin: string): Promise<void> {
  const endMs = performance.now() + loadTimeoutMs;
  while (!(await fetch(`${origin}/readyz`)).ok) {
    if (performance.now() > endMs) throw new Error('the revocations were not loaded in time');
    await delay(100);
  }
}
