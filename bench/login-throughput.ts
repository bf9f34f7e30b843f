// What a login costs beside its password hash. One auth process on a fresh database, and the same hash function with
// the same parameters alone in a process of its own, take turns in short windows; right logins a second are compared
// with verifications a second, both with enough at once to keep every core busy. Medians of five windows each.
// Exits with 1 when logins stay under 95 % of the bare hash. Run: node bench/login-throughput.ts [seconds a window]

import { fork, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, tmpdir, type } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hash } from '@node-rs/argon2';
import { openDatabase } from '@pi-gateway/auth/db/database.ts';
import { insertUsers } from '@pi-gateway/auth/store/users-in-bulk.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { createTestDatabase } from '../launch/testing/test-database.ts';
import { freePort } from '../tools/free-port.ts';
import type { WindowOrder, WindowReport } from './throughput-window.ts';

const seconds = Number(process.argv[2] ?? 10);
const windows = 5;
const shareMin = 0.95;
const cores = availableParallelism();
const loginsAtOnce = 4 * cores;
const password = 'StrongPass123';
const parameters = { memoryKib: 19_456, passes: 2 };

/** In a process of its own, so that nothing of one window is left for the next. */
async function measureWindow(order: WindowOrder): Promise<number> {
  const child = fork(join(import.meta.dirname, 'throughput-window.ts'), [JSON.stringify(order)]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a window ended with ${String(code)}`);
  });
  const [report] = (await Promise.race([once(child, 'message'), ended])) as [WindowReport];
  await ended.catch(() => undefined);
  return report.done / report.seconds;
}

async function makeAccounts(databaseUrl: string): Promise<string[]> {
  const log = createLog({ service: 'bench', level: 'silent' });
  const db = openDatabase({ url: databaseUrl, poolMax: 1, log });
  const { memoryKib, passes } = parameters;
  const passwordHash = await hash(password, { memoryCost: memoryKib, timeCost: passes, parallelism: 1 });
  const emails = Array.from({ length: loginsAtOnce }, (_, i) => `user${i}@example.com`);
  const users = emails.map((email) => ({
    id: undefined,
    email,
    passwordHash,
    role: 'user' as const,
    isDisabled: false,
    createdAt: undefined,
    lastLoginAt: undefined,
  }));
  await insertUsers(db, users);
  await db.close();
  return emails;
}

async function startAuth(databaseUrl: string, folder: string) {
  const port = await freePort();
  const auth = spawn(process.execPath, [join(import.meta.dirname, '..', 'services', 'auth', 'main.ts')], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: databaseUrl,
      DATA_DIR: folder,
      MASTER_KEY: randomBytes(32).toString('hex'),
      AUTH_PORT: String(port),
      AUTH_METRICS_PORT: 'off',
      PASSWORD_HASH_MEMORY_KIB: String(parameters.memoryKib),
      PASSWORD_HASH_PASSES: String(parameters.passes),
      RATE_LIMIT_LOGIN_PER_IP: 'off',
    },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const isUp = () =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isUp())) {
    if (auth.exitCode !== null) throw new Error('auth did not start');
    await delay(20);
  }
  return { auth, port };
}

/** Milliseconds of processor time a process has used, all its threads together. */
function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const list = (values: readonly number[]) => values.map((value) => value.toFixed(1)).join('  ');

async function main(): Promise<void> {
  const { url } = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'pi-throughput-'));
  const { auth, port } = await startAuth(url, folder);
  try {
    const emails = await makeAccounts(url);
    const rates = { bare: [] as number[], login: [] as number[] };
    const shared = { seconds, password };
    const authMs: number[] = [];
    for (let window = 0; window < windows; window++) {
      rates.bare.push(await measureWindow({ kind: 'bare', atOnce: cores, ...parameters, ...shared }));
      const beforeMs = processorMs(auth.pid!);
      const rate = await measureWindow({ kind: 'login', atOnce: loginsAtOnce, port, emails, ...shared });
      authMs.push((processorMs(auth.pid!) - beforeMs) / (rate * (seconds + 1)));
      rates.login.push(rate);
    }
    report(rates, authMs);
  } finally {
    auth.kill('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  }
}

function report(rates: { readonly bare: number[]; readonly login: number[] }, authMs: number[]): void {
  const share = median(rates.login) / median(rates.bare);
  const machine = `${cores} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${type()} ${release().split('-')[0]}`;
  console.log(`${machine}, Node ${process.version}; load of the machine ${loadavg()[0]?.toFixed(1)}`);
  console.log(
    `argon2id m=${parameters.memoryKib} t=${parameters.passes} p=1; ${windows} windows of ${seconds} s each, in turn\n`,
  );
  console.log(`bare hash a second    ${list(rates.bare)}    median ${median(rates.bare).toFixed(1)}`);
  console.log(`logins a second       ${list(rates.login)}    median ${median(rates.login).toFixed(1)}`);
  console.log(`processor of auth, ms a login    ${list(authMs)}`);
  console.log(`\nlogins reach ${(share * 100).toFixed(1)} % of the bare hash (at least ${shareMin * 100} %)`);
  if (share < shareMin) process.exitCode = 1;
}

await main();
