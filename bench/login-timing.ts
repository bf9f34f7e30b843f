// Whether the time of a refused login tells what the address is. Starts one auth process on a fresh database that
// holds native, disabled, old-parameter and imported bcrypt accounts, sends it wrong passwords for each kind and
// for unknown addresses, one at a time and in an order drawn anew each round, and prints for each kind how well a
// stopwatch separates it from unknown: the AUC, 0.5 being a coin, with its 95 % interval (Hanley and McNeil 1982).
// Exits with 1 when one lies outside 0.47 to 0.53. Run: node bench/login-timing.ts [rounds]

import { spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { availableParallelism, cpus, loadavg, release, tmpdir, type } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bcrypt } from '@pi-gateway/auth/crypto/foreign/bcrypt.ts';
import { findScheme } from '@pi-gateway/auth/crypto/foreign/find-scheme.ts';
import { openDatabase } from '@pi-gateway/auth/db/database.ts';
import { insertUsers } from '@pi-gateway/auth/store/users-in-bulk.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { createTestDatabase } from '../launch/testing/test-database.ts';
import { freePort } from '../tools/free-port.ts';

const rounds = Number(process.argv[2] ?? 1000);
const warmUpRounds = 50;
const accountsPerKind = 20;
const bounds = [0.47, 0.53] as const;
const ownClass = '$argon2id$v=19$m=19456,t=2,p=1';
/** The class of the accounts of each kind; none are made of `unknown`. */
const kinds = {
  unknown: undefined,
  wrong: ownClass,
  disabled: ownClass,
  'old argon2id (7168, 5)': '$argon2id$v=19$m=7168,t=5,p=1',
  'imported bcrypt (8)': '$2b$08',
} as const;
type Kind = keyof typeof kinds;
const names = Object.keys(kinds) as Kind[];

const addressOf = (kind: Kind, i: number) => `${kind.replace(/[^a-z]/g, '')}${100 + i}@example.com`;

async function makeAccounts(databaseUrl: string): Promise<void> {
  const db = openDatabase({
    url: databaseUrl,
    poolMax: 1,
    log: createLog({ service: 'bench', level: 'silent' }),
  });
  for (const kind of names) {
    const passwordClass = kinds[kind];
    if (passwordClass === undefined) continue;
    const scheme = findScheme(passwordClass) ?? bcrypt;
    const users = Array.from({ length: accountsPerKind }, (_, i) => ({
      id: undefined,
      email: addressOf(kind, i),
      passwordHash: scheme.makeDecoy(passwordClass),
      role: 'user' as const,
      isDisabled: kind === 'disabled',
      createdAt: undefined,
      lastLoginAt: undefined,
    }));
    await insertUsers(db, users);
  }
  await db.close();
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** Milliseconds from the first byte sent to the last one received. */
function loginMs(port: number, email: string): Promise<number> {
  const body = JSON.stringify({ email, password: 'a wrong password' });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const sent = request(
      { port, host: '127.0.0.1', path: '/auth/login', method: 'POST', agent, headers },
      (answer) => {
        answer.resume().on('end', () => {
          if (answer.statusCode === 401) resolve(performance.now() - startedMs);
          else reject(new Error(`a login answered ${answer.statusCode}`));
        });
      },
    );
    sent.on('error', reject).end(body);
  });
}

/** The chance that one of `a` took longer than one of `b`, and half the width of its 95 % interval. */
function auc(a: readonly number[], b: readonly number[]): { readonly area: number; readonly margin: number } {
  const all = [...a.map((ms) => ({ ms, isA: true })), ...b.map((ms) => ({ ms, isA: false }))].toSorted(
    (x, y) => x.ms - y.ms,
  );
  const rankSum = all.reduce((sum, { isA }, i) => sum + (isA ? i + 1 : 0), 0);
  const area = (rankSum - (a.length * (a.length + 1)) / 2) / (a.length * b.length);
  const [q1, q2] = [area / (2 - area), (2 * area * area) / (1 + area)];
  const variance =
    (area * (1 - area) + (a.length - 1) * (q1 - area * area) + (b.length - 1) * (q2 - area * area)) /
    (a.length * b.length);
  return { area, margin: 1.96 * Math.sqrt(variance) };
}

function shuffle<T>(given: readonly T[]): T[] {
  const items = [...given];
  for (let i = items.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}

const percentile = (sorted: readonly number[], share: number) =>
  sorted[Math.floor(sorted.length * share)]!.toFixed(1);

async function main(): Promise<void> {
  const { url } = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'pi-timing-'));
  const port = await freePort();
  const auth = spawn(process.execPath, [join(import.meta.dirname, '..', 'services', 'auth', 'main.ts')], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: url,
      DATA_DIR: folder,
      MASTER_KEY: randomBytes(32).toString('hex'),
      AUTH_PORT: String(port),
      AUTH_METRICS_PORT: 'off',
      LOG_LEVEL: 'error',
      RATE_LIMIT_LOGIN_PER_IP: 'off',
      RATE_LIMIT_LOGIN_PER_ACCOUNT: 'off',
      LOGIN_FAILURES_MAX: '1000000',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(auth, 'exit');
  try {
    const isUp = () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    while (!(await isUp())) {
      if (auth.exitCode !== null) throw new Error('auth did not start');
      await delay(20);
    }
    await makeAccounts(url);
    const times = new Map<Kind, number[]>(names.map((kind) => [kind, []]));
    for (let round = -warmUpRounds; round < rounds; round++) {
      for (const kind of shuffle(names)) {
        const ms = await loginMs(port, addressOf(kind, randomInt(accountsPerKind)));
        if (round >= 0) times.get(kind)!.push(ms);
      }
    }
    report(times);
  } finally {
    auth.kill('SIGTERM');
    agent.destroy();
    await ended; // at its end it writes to the folder
    await rm(folder, { recursive: true, force: true });
  }
}

function report(times: ReadonlyMap<Kind, readonly number[]>): void {
  const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}, ${type()} ${release().split('-')[0]}`;
  console.log(`${machine}, Node ${process.version}`);
  console.log(
    `${rounds} logins of each kind, one at a time; load of the machine ${loadavg()[0]?.toFixed(1)}\n`,
  );
  const unknown = times.get('unknown')!;
  console.log('kind                     p10 ms    p50 ms    p90 ms    AUC against unknown');
  for (const [kind, measured] of times) {
    const sorted = measured.toSorted((a, b) => a - b);
    const columns = [0.1, 0.5, 0.9].map((share) => percentile(sorted, share).padStart(6)).join('    ');
    const { area, margin } = auc(measured, unknown);
    const isInside = area >= bounds[0] && area <= bounds[1];
    const told =
      kind === 'unknown' ? '' : `${area.toFixed(3)} ± ${margin.toFixed(3)}${isInside ? '' : '  OUTSIDE'}`;
    console.log(`${kind.padEnd(24)} ${columns}    ${told}`.trimEnd());
    if (kind !== 'unknown' && !isInside) process.exitCode = 1;
  }
}

await main();
