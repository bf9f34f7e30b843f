// What writing events costs. Two auth processes of the same build, each on a database of its own, one of which writes no
// event (audit-cost-auth.ts), take turns in short windows, first with right logins, then with refreshes; the rates of the
// two are compared, medians of all windows. Exits with 1 when events take more than 10 % of the rate of logins or 25 % of
// that of refreshes. Run: node bench/audit-cost.ts [seconds a window]

import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, tmpdir, type } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { createTestDatabase } from '../launch/testing/test-database.ts';
import { benchPassword } from './harness/bench-password.ts';
import { median } from './harness/measure.ts';
import { measureWindow } from './harness/window.ts';

const seconds = Number(process.argv[2] ?? 5);
const windows = 5;
const bounds = { login: 10, refresh: 25 } as const;
const atOnce = 8;

type Kind = keyof typeof bounds;
type Side = {
  readonly child: ChildProcess;
  readonly port: number;
  readonly emails: readonly string[];
  countEvents(): Promise<number>;
};

async function startSide(mode: 'on' | 'off', folder: string): Promise<Side> {
  const { url, superuserUrl } = await createTestDatabase();
  const child = fork(join(import.meta.dirname, 'audit-cost-auth.ts'), [mode], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: url,
      DATA_DIR: folder,
      MASTER_KEY: randomBytes(32).toString('hex'),
      AUTH_PORT: '0',
      AUTH_METRICS_PORT: 'off',
      RATE_LIMIT_LOGIN_PER_IP: 'off',
      RATE_LIMIT_REGISTER_PER_IP: 'off',
    },
  });
  const [authUrl] = (await once(child, 'message')) as [string];
  const emails = Array.from({ length: atOnce }, (_, i) => `user${i}@example.com`);
  for (const email of emails) {
    const body = JSON.stringify({ email, password: benchPassword });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${authUrl}/auth/register`, { method: 'POST', headers, body });
    if (answer.status !== 201) throw new Error(`register: ${answer.status}`);
  }
  return {
    child,
    port: Number(new URL(authUrl).port),
    emails,
    async countEvents() {
      const client = new Client({ connectionString: superuserUrl });
      await client.connect();
      const { rows } = await client.query<{ n: number }>('select count(*)::int as n from audit_log');
      await client.end();
      return rows[0]!.n;
    },
  };
}

const list = (values: readonly number[]) => values.map((value) => value.toFixed(1)).join('  ');

async function compare(kind: Kind, on: Side, off: Side): Promise<void> {
  const rates = { on: [] as number[], off: [] as number[] };
  for (let window = 0; window < windows; window += 1) {
    // Each goes first in turn, so that what changes meanwhile falls on both.
    const turns = window % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const);
    for (const turn of turns) {
      const { port, emails } = turn === 'on' ? on : off;
      rates[turn].push(await measureWindow({ kind, atOnce, port, emails, seconds }));
    }
  }
  const cost = (1 - median(rates.on) / median(rates.off)) * 100;
  console.log(
    `\n${kind} a second, with events     ${list(rates.on)}    median ${median(rates.on).toFixed(1)}`,
  );
  console.log(
    `${kind} a second, without events  ${list(rates.off)}    median ${median(rates.off).toFixed(1)}`,
  );
  console.log(`events cost ${cost.toFixed(1)} % of it (at most ${bounds[kind]} %)`);
  if (cost > bounds[kind]) process.exitCode = 1;
}

const folder = await mkdtemp(join(tmpdir(), 'pi-audit-cost-'));
const sides = [await startSide('on', folder), await startSide('off', folder)] as const;
const [on, off] = sides;
try {
  const machine = `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${type()} ${release().split('-')[0]}`;
  console.log(`${machine}, Node ${process.version}; load of the machine ${loadavg()[0]?.toFixed(1)}`);
  console.log(
    `${windows} windows of ${seconds} s each a side, in turn; ${atOnce} clients at once; PostgreSQL with fsync off`,
  );
  await compare('login', on, off);
  await compare('refresh', on, off);
  console.log(`\nevents written: ${await on.countEvents()} with, ${await off.countEvents()} without`);
} finally {
  for (const { child } of sides) child.kill('SIGTERM');
  await rm(folder, { recursive: true, force: true });
}
