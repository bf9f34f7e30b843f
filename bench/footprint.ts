// How long one service process takes to its first answer, and how much memory it holds at rest. Starts auth,
// gateway and the embedded run one after the other, each on free ports with a fresh database, asks /health
// until it answers, waits until the memory has settled, and prints the figures with machine and versions.
// Exits with 1 when a figure is above its budget. Run: node bench/footprint.ts

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { mallocEnv, v8Flags } from '../launch/node-memory.ts';
import { createTestDatabase } from '../launch/testing/test-database.ts';
import { freePort } from '../tools/free-port.ts';
import { measureProcessTree, memoryKind } from '../tools/process-memory.ts';
import { endChild, firstAnswerMs } from './harness/first-answer.ts';

type Subject = {
  readonly name: string;
  readonly program: string;
  readonly port: number;
  readonly env: NodeJS.ProcessEnv;
  /** Runs meanwhile and is not counted. */
  readonly beside?: Subject;
  readonly startBudgetMs: number;
  readonly memoryBudgetMb: number;
};

const root = join(import.meta.dirname, '..');
const rounds = 5;
const settleMs = 3000;

function start(subject: Subject): ChildProcess {
  return spawn(process.execPath, [...v8Flags(subject.program), join(root, subject.program)], {
    cwd: root,
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'error', ...mallocEnv, ...subject.env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** The command without folders, and without the lines of a script given to a shell. */
function nameOf(command: string): string {
  return (command.split('\n', 1)[0] ?? '').replaceAll(/[^ ]*\//g, '').slice(0, 60);
}

async function measure(subject: Subject): Promise<{ startMs: number; megabytes: number; detail: string }> {
  const beside = subject.beside === undefined ? undefined : start(subject.beside);
  if (beside !== undefined) await firstAnswerMs(beside, subject.beside?.port ?? 0);
  const starts: number[] = [];
  let tree: ReturnType<typeof measureProcessTree> = [];
  for (let round = 1; round <= rounds; round += 1) {
    const child = start(subject);
    try {
      starts.push(await firstAnswerMs(child, subject.port));
      if (round === rounds) {
        await delay(settleMs);
        tree = measureProcessTree(child.pid ?? 0);
      }
    } finally {
      await endChild(child);
    }
  }
  if (beside !== undefined) await endChild(beside);
  const megabytes = tree.reduce((sum, one) => sum + one.bytes, 0) / 1e6;
  const detail = tree.map((one) => `${(one.bytes / 1e6).toFixed(1)} ${nameOf(one.command)}`).join('\n      ');
  return { startMs: starts.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0, megabytes, detail };
}

const dataDir = await mkdtemp(join(tmpdir(), 'pi-footprint-'));
const database = await createTestDatabase();
const [authPort, gatewayPort, entryPort] = [await freePort(), await freePort(), await freePort()];
const shared = {
  MASTER_KEY: randomBytes(32).toString('hex'),
  GATEWAY_ACCESS_LOG: 'off',
  AUTH_METRICS_PORT: 'off',
  GATEWAY_METRICS_PORT: 'off',
  AUTH_PORT: String(authPort),
  GATEWAY_PORT: String(gatewayPort),
  ENTRY_PORT: String(entryPort),
};
const auth: Subject = {
  name: 'auth',
  program: 'services/auth/main.ts',
  port: authPort,
  env: { ...shared, DATABASE_URL: database.url, DATA_DIR: join(dataDir, 'auth') },
  startBudgetMs: 1500,
  memoryBudgetMb: 120,
};
const gateway: Subject = {
  name: 'gateway',
  program: 'services/gateway/main.ts',
  port: gatewayPort,
  env: shared,
  beside: auth,
  startBudgetMs: 1500,
  memoryBudgetMb: 90,
};
const embedded: Subject = {
  name: 'embedded run, PostgreSQL included',
  program: 'launch/embedded.ts',
  port: entryPort,
  env: { ...shared, MASTER_KEY: undefined, DATA_DIR: join(dataDir, 'embedded') },
  startBudgetMs: 5000,
  memoryBudgetMb: 200,
};

const [cpu] = cpus();
console.log(
  `machine: ${cpus().length} × ${cpu?.model.trim()}, ${(totalmem() / 1e9).toFixed(0)} GB, ${type()} ${release().split('-')[0]}`,
);
console.log(
  `node ${process.version}; start: median of ${rounds}; memory: ${memoryKind} of the process tree after ${settleMs} ms at rest`,
);
for (const subject of [auth, gateway, embedded]) {
  const { startMs, megabytes, detail } = await measure(subject);
  const over = startMs > subject.startBudgetMs || megabytes > subject.memoryBudgetMb;
  console.log(`${over ? 'OVER' : 'ok  '} ${subject.name}`);
  console.log(`      first answer ${startMs.toFixed(0)} ms (budget ${subject.startBudgetMs} ms)`);
  console.log(`      memory ${megabytes.toFixed(0)} MB (budget ${subject.memoryBudgetMb} MB)`);
  console.log(`      ${detail}`);
  if (over) process.exitCode = 1;
}
await rm(dataDir, { recursive: true, force: true });
