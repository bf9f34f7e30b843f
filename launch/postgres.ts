// PostgreSQL as our own child process: unix socket in a private directory, no TCP, durable (fsync on). Whoever
// can reach the socket is trusted: the directory is 0700 and its owner is the server's account, which could
// read the files anyway. The URL stays valid while the server is restarted.

import { spawn } from 'node:child_process';
import { closeSync, fstatSync, ftruncateSync, openSync } from 'node:fs';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@pi-gateway/log/log.ts';
import { readLastWords } from './last-words.ts';
import { LaunchError } from './launch-error.ts';
import { markOf } from './leftover.ts';
import { stopLeftoverPostgres } from './leftover-postgres.ts';
import { clusterArgument, databaseOwner, ensureCluster } from './postgres-cluster.ts';
import { findPostgresProgram } from './postgres-program.ts';
import { type ServerAccount, serverAccount } from './server-account.ts';
import { type Supervised, supervise } from './supervise.ts';

export type PostgresOptions = {
  /** The data directory; made when it is not there. `postgres.log` stands beside it. */
  readonly dir: string;
  readonly log: Log;
  /** Tests: no flush to disk, and `removeDir` goes with the server, or when the process ends. */
  readonly throwaway?: { readonly removeDir: string };
};

export type RunningPostgres = Supervised & {
  /** Of the role that owns the database and migrates it; not a superuser. */
  readonly ownerUrl: string;
  /** Of the superuser. */
  readonly superuserUrl: string;
};

const logBytesMax = 8 * 1024 * 1024;

/** Modest memory: the services keep few connections and the page cache does the rest. */
function serverSettings(dir: string, socketDir: string, majorVersion: number, durable: boolean): string[] {
  const settings = {
    cluster_name: markOf(dir),
    listen_addresses: '',
    unix_socket_directories: socketDir,
    unix_socket_permissions: '0700',
    max_connections: durable ? '40' : '100',
    shared_buffers: '16MB',
    wal_buffers: '1MB',
    max_wal_size: '256MB',
    max_wal_senders: '0',
    max_parallel_workers: '0',
    max_logical_replication_workers: '0',
    autovacuum_max_workers: '2',
    jit: 'off',
    huge_pages: 'off',
    log_timezone: 'UTC',
    timezone: 'UTC',
    // Statements and row contents could hold what must not stand in a log.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    ...(majorVersion >= 18 ? { io_method: 'sync' } : {}),
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** A private directory. Socket paths hold about 100 bytes, and another account cannot reach a private TMPDIR. */
async function makeSocketDir(
  account: ServerAccount | undefined,
  parent: string | undefined,
): Promise<string> {
  const short = account === undefined && tmpdir().length <= 70 ? tmpdir() : '/tmp';
  const socketDir = await mkdtemp(join(parent ?? short, 'pi-gateway-'));
  if (account !== undefined) await chown(socketDir, account.uid, account.gid);
  return socketDir;
}

function openLog(path: string): number {
  const file = openSync(path, 'a', 0o600);
  if (fstatSync(file).size > logBytesMax) ftruncateSync(file);
  return file;
}

/** postmaster.pid tells in its eighth line when connections are served (as pg_ctl -w reads it). */
async function waitUntilReady(
  dir: string,
  pid: () => number | undefined,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const lines = (await readFile(join(dir, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    if (Number(lines[0]) === pid() && lines[7]?.trim() === 'ready') return;
    await delay(5, undefined, { signal });
  }
}

/** @throws {LaunchError} when there is no program, the data cannot be used, or the server does not come up. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { dir, log } = options;
  const durable = options.throwaway === undefined;
  const account = await serverAccount(dir);
  const program = await findPostgresProgram(account, join(dir, '..'));
  await ensureCluster(dir, program, account, durable);
  await stopLeftoverPostgres(dir);
  const socketDir = await makeSocketDir(account, options.throwaway?.removeDir);
  const logPath = `${dir}.log`;
  const args = ['-D', clusterArgument(dir), ...serverSettings(dir, socketDir, program.majorVersion, durable)];
  let pid: number | undefined;
  let logStart = 0;

  const server = await supervise({
    name: 'PostgreSQL',
    log,
    spawn() {
      const file = openLog(logPath);
      logStart = fstatSync(file).size;
      const child = spawn(join(program.binDir, 'postgres'), args, {
        cwd: dir,
        ...account,
        env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' },
        stdio: ['ignore', file, file],
        // Its own session: the terminal's Ctrl-C is for us, and we stop it last.
        detached: true,
      });
      closeSync(file);
      pid = child.pid;
      return child;
    },
    ready: (signal) => waitUntilReady(dir, () => pid, signal),
    lastWords: () => readLastWords(logPath, logStart, /FATAL:|PANIC:|could not/),
    // SIGINT: fast shutdown, open transactions are rolled back (SIGTERM would wait for clients).
    stopSignals: ['SIGINT', 'SIGQUIT'],
    guardSignal: 'SIGINT',
    readyTimeoutMs: 60_000,
    stopTimeoutMs: 10_000,
    removeDir: options.throwaway?.removeDir ?? socketDir,
  }).catch(async (error: unknown) => {
    await rm(socketDir, { recursive: true, force: true });
    throw error instanceof LaunchError ? new LaunchError(`${error.message} (see ${logPath})`) : error;
  });

  const host = encodeURIComponent(socketDir);
  return {
    ...server,
    ownerUrl: `postgres://${databaseOwner.role}@localhost/${databaseOwner.database}?host=${host}`,
    superuserUrl: `postgres://postgres@localhost/postgres?host=${host}`,
    async stop() {
      await server.stop();
      await rm(options.throwaway?.removeDir ?? socketDir, { recursive: true, force: true });
    },
  };
}
