// Redis from PATH as our own child process: a unix socket in a private directory, no TCP. The stack keeps an
// append-only file in its data directory; throwaway servers of tests keep nothing.

import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@pi-gateway/log/log.ts';
import { findProgram } from './find-program.ts';
import { readLastWords } from './last-words.ts';
import { markOf } from './leftover.ts';
import { type Supervised, supervise } from './supervise.ts';

export type RedisOptions = {
  /** Where its data and log stand; made when it is not there. */
  readonly dir: string;
  readonly log: Log;
  /** Tests: nothing is kept, and `removeDir` goes with the server, or when the process ends. */
  readonly throwaway?: { readonly removeDir: string };
};

export type RunningRedis = Supervised & {
  /** As REDIS_URL: the path of the unix socket. */
  readonly url: string;
};

function ping(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(socketPath, () => socket.write('PING\r\n'));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('data', (data) => {
      resolve(data.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.on('error', () => undefined).once('close', () => resolve(false));
  });
}

async function waitUntilReady(socketPath: string, signal: AbortSignal): Promise<void> {
  while (!(await ping(socketPath))) await delay(5, undefined, { signal });
}

/** @throws {LaunchError} when there is no redis-server on PATH or it does not come up. */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
  const { dir, log } = options;
  const program = findProgram('redis-server', 'redis-server');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const parent = options.throwaway?.removeDir ?? (tmpdir().length <= 70 ? tmpdir() : '/tmp');
  const socketDir = await mkdtemp(join(parent, 'pi-gateway-'));
  const socketPath = join(socketDir, 'redis.sock');
  const logPath = join(dir, 'redis.log');
  const settings = {
    port: '0',
    unixsocket: socketPath,
    unixsocketperm: '700',
    dir,
    daemonize: 'no',
    // Its command line stays as given, so that the next run knows it again.
    'set-proc-title': 'no',
    save: '',
    appendonly: options.throwaway === undefined ? 'yes' : 'no',
    appendfsync: 'everysec',
    // Full: writes are refused rather than other limits forgotten; the services then count in memory.
    maxmemory: '256mb',
    'maxmemory-policy': 'noeviction',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  args.push('--syslog-ident', markOf(dir));
  let logStart = 0;

  const server = await supervise({
    name: 'Redis',
    log,
    spawn() {
      const file = openSync(logPath, 'a', 0o600);
      logStart = fstatSync(file).size;
      const child = spawn(program, args, { stdio: ['ignore', file, file], detached: true });
      closeSync(file);
      return child;
    },
    ready: (signal) => waitUntilReady(socketPath, signal),
    lastWords: () => readLastWords(logPath, logStart, /FATAL|Fatal|# (?!WARNING|Warning)\S/),
    stopSignals: ['SIGTERM'],
    pidFile: { path: join(dir, 'redis.pid'), mark: markOf(dir) },
    guardSignal: 'SIGTERM',
    readyTimeoutMs: 30_000,
    stopTimeoutMs: 10_000,
    removeDir: options.throwaway?.removeDir ?? socketDir,
  }).catch(async (error: unknown) => {
    await rm(socketDir, { recursive: true, force: true });
    throw error;
  });
  return {
    ...server,
    url: socketPath,
    async stop() {
      await server.stop();
      await rm(options.throwaway?.removeDir ?? socketDir, { recursive: true, force: true });
    },
  };
}
