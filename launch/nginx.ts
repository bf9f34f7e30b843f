// nginx from PATH as our own child process, with the configuration of deploy/nginx. It needs no root and
// nothing outside its two directories: `runDir` (pid, temporary files; its workers must reach it) and `dir` (logs).

import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@pi-gateway/log/log.ts';
import { renderNginxConf } from '../deploy/nginx/render-nginx-conf.ts';
import { findProgram } from './find-program.ts';
import { readLastWords } from './last-words.ts';
import { type Supervised, supervise } from './supervise.ts';

export type NginxOptions = {
  /** Logs. */
  readonly dir: string;
  /** The account of the workers, when we are root, can enter it. Goes when we vanish. */
  readonly runDir: string;
  readonly host: string;
  readonly port: number;
  /** One or more: `unix:/path` or `host:port`. */
  readonly gateways: readonly string[];
  /** Networks (CIDR) whose forwarding headers are believed. */
  readonly trustedProxies: readonly string[];
  /** The account of the workers; only when we are root. */
  readonly workerUser?: string;
  /** On its command line, for the next run to know it again. */
  readonly mark: string;
  readonly log: Log;
};

function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** @throws {LaunchError} when there is no nginx on PATH, or it refuses its configuration. */
export async function startNginx(options: NginxOptions): Promise<Supervised> {
  const { dir, runDir, host, port, mark } = options;
  const program = findProgram('nginx', 'nginx');
  const configPath = join(runDir, 'nginx.conf');
  const logPath = join(dir, 'nginx.log');
  const accessLog = join(dir, 'nginx-access.log');
  const listenHost = host.includes(':') ? `[${host}]` : host;
  const text = renderNginxConf({
    listen: `${listenHost}:${port}`,
    gateways: options.gateways,
    trustedProxies: options.trustedProxies,
    runDir,
    accessLog,
    errorLog: 'stderr',
    workers: 2,
    ...(options.workerUser === undefined ? {} : { workerUser: options.workerUser }),
  });
  writeFileSync(configPath, text, { mode: 0o600 });
  closeSync(openSync(accessLog, 'a', 0o600));
  truncateSync(accessLog);
  const probeHost = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  let logStart = 0;

  return supervise({
    name: 'nginx',
    log: options.log,
    spawn() {
      const file = openSync(logPath, 'a', 0o600);
      logStart = fstatSync(file).size;
      // `-g` only carries the mark: an environment variable that nothing reads.
      const args = ['-e', 'stderr', '-p', runDir, '-c', configPath, '-g', `env ${mark};`];
      const child = spawn(program, args, { stdio: ['ignore', file, file], detached: true, cwd: '/' });
      closeSync(file);
      return child;
    },
    async ready(signal) {
      while (!(await isListening(probeHost, port))) await delay(10, undefined, { signal });
    },
    lastWords: () => readLastWords(logPath, logStart, /\[(emerg|alert|crit)\]/),
    // SIGQUIT: requests under way are answered first.
    stopSignals: ['SIGQUIT', 'SIGTERM'],
    pidFile: { path: join(dir, 'nginx.pid'), mark },
    removeDir: runDir,
    guardSignal: 'SIGTERM',
    readyTimeoutMs: 10_000,
    stopTimeoutMs: 5_000,
  });
}
