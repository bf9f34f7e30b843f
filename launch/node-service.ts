// One of our services as a child process: started from its main.ts, ready when `/readyz` says so over its port
// or its unix socket. Its log goes where ours goes.

import { spawn } from 'node:child_process';
import { renameSync } from 'node:fs';
import { type RequestOptions, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Log } from '@pi-gateway/log/log.ts';
import { mallocEnv, v8Flags } from './node-memory.ts';
import { type Supervised, supervise } from './supervise.ts';

export type NodeService = {
  readonly name: string;
  /** The path of its main.ts, from the root of the repository. */
  readonly main: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Where `/readyz` is asked, by TCP. Or the path of its unix socket: each process listens at one of its own, which
   * takes the place of that path once the process is ready, so that nobody who connects there finds nobody.
   */
  readonly at: RequestOptions | { readonly socket: string };
  /** Milliseconds that it goes on serving when asked to end. */
  readonly shutdownDelayMs: number;
  readonly pidFile: { readonly path: string; readonly mark: string };
  readonly log: Log;
  /** When a service that stands still is taken for lost; see `watchLife`. */
  readonly patience?: Patience;
};

type Patience = { readonly everyMs: number; readonly answerMs: number; readonly missesMax: number };

// Twenty seconds: a machine that is busy, or wakes from sleep, is no reason to kill.
const patienceByDefault: Patience = { everyMs: 2000, answerMs: 2000, missesMax: 5 };

function isAnswered(at: RequestOptions, path: '/livez' | '/readyz', timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ ...at, path, timeout: timeoutMs, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(false));
    asked.end();
  });
}

/**
 * A process may live and yet do nothing: its event loop is blocked for good, or it was stopped. Whoever is in front of it
 * would go on sending it requests, for its kernel still takes connections. Killed, it is started again.
 */
function watchLife(service: NodeService, server: Supervised): () => void {
  const { everyMs, answerMs, missesMax } = service.patience ?? patienceByDefault;
  const asked = 'socket' in service.at ? { socketPath: service.at.socket } : service.at;
  let misses = 0;
  let watched: number | undefined;
  let isAsking = false;
  const timer = setInterval(() => {
    const pid = server.pid();
    if (pid !== watched) misses = 0;
    watched = pid;
    if (pid === undefined || isAsking) return;
    isAsking = true;
    void lookAt(pid).finally(() => (isAsking = false));
  }, everyMs).unref();

  async function lookAt(pid: number): Promise<void> {
    misses = (await isAnswered(asked, '/livez', answerMs)) ? 0 : misses + 1;
    if (misses < missesMax || server.pid() !== pid) return;
    misses = 0;
    service.log.error({ program: service.name }, 'a service does not answer any more; it is killed');
    process.kill(pid, 'SIGKILL');
  }

  return () => clearInterval(timer);
}

/** @throws {LaunchError} when it ends before it is ready; its own line on standard error tells why. */
export async function startNodeService(service: NodeService): Promise<Supervised> {
  const main = fileURLToPath(new URL(`../${service.main}`, import.meta.url));
  const at = 'socket' in service.at ? undefined : service.at;
  const socket = 'socket' in service.at ? service.at.socket : undefined;
  let ownSocket = '';
  let started = 0;
  const server = await supervise({
    name: service.name,
    log: service.log,
    spawn() {
      started += 1;
      ownSocket = `${socket}.${started}`;
      return spawn(process.execPath, [...v8Flags(service.main), main, service.pidFile.mark], {
        env: { ...service.env, ...mallocEnv, ...(socket === undefined ? {} : { GATEWAY_SOCKET: ownSocket }) },
        stdio: ['ignore', 'inherit', 'inherit'],
        detached: true,
      });
    },
    async ready(signal) {
      const asked = at ?? { socketPath: ownSocket };
      while (!(await isAnswered(asked, '/readyz', 1_000))) await delay(20, undefined, { signal });
      if (socket !== undefined) renameSync(ownSocket, socket);
    },
    lastWords: () => 'see the line above',
    stopSignals: ['SIGTERM'],
    // When we vanish there is nobody left to drain for, and its port must be free for the next run.
    guardSignal: 'SIGKILL',
    pidFile: service.pidFile,
    readyTimeoutMs: 60_000,
    stopTimeoutMs: 15_000 + service.shutdownDelayMs,
  });
  const stopWatching = watchLife(service, server);
  return {
    ...server,
    stop() {
      stopWatching();
      return server.stop();
    },
  };
}
