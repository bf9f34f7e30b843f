// A whole system as a child process, started as `npm start` and `npm run stack` start it: its own process group,
// its own data directory, free ports. Killed by `killGroup`, it is gone as by a power switch.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from './free-ports.ts';

export type SystemKind = 'embedded' | 'stack';

/** Where a system listens; kept over its restarts. */
export type Place = {
  readonly entryUrl: string;
  readonly gatewayUrl: string;
  readonly authUrl: string;
  readonly env: Readonly<Record<string, string>>;
};

export type Admin = { readonly email: string; readonly password: string };

export type System = {
  readonly child: ChildProcess;
  /** Only at the very first start. */
  readonly admin: Admin | undefined;
  readonly startedInMs: number;
  /** What it printed, both streams. */
  readonly output: () => string;
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
  readonly killGroup: () => Promise<void>;
};

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

const root = fileURLToPath(new URL('../../', import.meta.url));
const readyMs = 60_000;
const scriptOf = { embedded: 'start', stack: 'stack' } as const;

/** Free ports and a data directory. `env` adds settings, or replaces these. */
export async function choosePlace(dataDir: string, env: Record<string, string> = {}): Promise<Place> {
  const [entry, gateway, auth] = await freePorts(3);
  return {
    entryUrl: `http://127.0.0.1:${entry}`,
    gatewayUrl: `http://127.0.0.1:${gateway}`,
    authUrl: `http://127.0.0.1:${auth}`,
    env: {
      ENTRY_PORT: String(entry),
      GATEWAY_PORT: String(gateway),
      AUTH_PORT: String(auth),
      AUTH_METRICS_PORT: 'off',
      GATEWAY_METRICS_PORT: 'off',
      GATEWAY_ACCESS_LOG: 'off',
      LOG_LEVEL: 'warn',
      DATA_DIR: dataDir,
      ...env,
    },
  };
}

/** Only what a shell would have, so that no setting of the test's own environment leaks in. */
function environment(place: Place): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'NODE_COMPILE_CACHE'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), ...place.env };
}

/** npm's script as npm would run it, with our own Node: memory and speed are to be those of users. */
function spawnLauncher(kind: SystemKind, place: Place) {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    scripts: Record<string, string>;
  };
  const child = spawn('/bin/sh', ['-c', scripts[scriptOf[kind]]!], {
    cwd: root,
    env: { ...environment(place), PATH: `${dirname(process.execPath)}:${process.env['PATH']}` },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  return { child, said };
}

function readAdmin(stdout: string): Admin | undefined {
  const email = /e-mail +(\S+)/i.exec(stdout)?.[1];
  const password = /password +(\S+)/i.exec(stdout)?.[1];
  return email === undefined || password === undefined ? undefined : { email, password };
}

/** Starts a system and waits until it says that it is ready. */
export async function startSystem(kind: SystemKind, place: Place): Promise<System> {
  const startMs = performance.now();
  const { child, said } = spawnLauncher(kind, place);
  const exited = once(child, 'exit');
  const output = () => said.stdout + said.stderr;
  while (!said.stdout.includes('is ready')) {
    if (child.exitCode !== null) throw new Error(`${kind} ended with ${child.exitCode}: ${output()}`);
    if (performance.now() - startMs > readyMs) {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
      throw new Error(`${kind} is not ready: ${output()}`);
    }
    await delay(10);
  }
  return {
    child,
    admin: readAdmin(said.stdout),
    startedInMs: performance.now() - startMs,
    output,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
    async killGroup() {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
      await exited;
    },
  };
}

/** Starts a system that is expected to end by itself. */
export async function startRefused(kind: SystemKind, place: Place): Promise<Ended> {
  const { child, said } = spawnLauncher(kind, place);
  const timer = setTimeout(() => child.kill('SIGKILL'), readyMs);
  await once(child, 'close');
  clearTimeout(timer);
  return { code: child.exitCode, ...said };
}
