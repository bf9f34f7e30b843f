// A run of the product in an empty folder on free ports, and a bash whose curl goes there when a command says
// localhost:8080, 8001 or 8000: so the README's commands work as they stand, in the test and in the demo.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';

const root = join(import.meta.dirname, '..');

export type FreshRun = {
  /** What it printed, with the usual ports in place of its own. */
  readonly output: () => string;
  readonly env: NodeJS.ProcessEnv;
  readonly connectTo: string;
  stop(): Promise<void>;
};

const startDeadlineMs = 60_000;

/**
 * Starts a program of ours as its npm script does, on free ports, and waits until it says that it is ready.
 * @param settings as somebody would write them before the command.
 */
export async function startFreshRun(
  program: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<FreshRun> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pi-walk-'));
  const [entry, gateway, auth, orders] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    DATA_DIR: join(dataDir, '.data'),
    ENTRY_PORT: String(entry),
    GATEWAY_PORT: String(gateway),
    AUTH_PORT: String(auth),
    ORDERS_PORT: String(orders),
    PUBLIC_URL: 'http://localhost:8080',
    AUTH_METRICS_PORT: 'off',
    GATEWAY_METRICS_PORT: 'off',
    LOG_LEVEL: 'error',
    GATEWAY_ACCESS_LOG: 'off',
    ...settings,
  };
  const child = spawn(process.execPath, [join(root, program)], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await untilReady(child, () => output).catch((error: unknown) => {
    child.kill('SIGKILL'); // or it would keep whoever asked for it alive
    throw error;
  });
  const mapped = [
    [8080, entry],
    [8001, gateway],
    [8000, auth],
  ] as const;
  return {
    env,
    output: () => mapped.reduce((text, [shown, real]) => text.replaceAll(`:${real}`, `:${shown}`), output),
    connectTo: mapped.map(([shown, real]) => `--connect-to localhost:${shown}:127.0.0.1:${real}`).join(' '),
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** The box is printed once everything answers. */
async function untilReady(child: ChildProcess, output: () => string): Promise<void> {
  const deadline = performance.now() + startDeadlineMs;
  while (!/is ready[^]*Ctrl-C/.test(output())) {
    assert.equal(child.exitCode, null, 'the run ended before it was ready');
    assert.ok(performance.now() < deadline, 'the run did not get ready');
    await delay(20);
  }
}

/** One bash for all the blocks, as for a reader who pastes one after the other. */
export function runInBash(run: FreshRun, texts: readonly string[]): string[] {
  const curl = spawnSync('curl', ['--version']);
  assert.equal(curl.error, undefined, 'curl is missing; on Debian: apt-get install curl');
  const mark = '<<the next block>>';
  const script = [
    `curl() { command curl ${run.connectTo} "$@"; }`,
    ...texts.map((text) => `printf '%s' '${mark}'\n${text}`),
  ].join('\n');
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script], {
    cwd: root,
    env: run.env,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout.split(mark).slice(1);
}
