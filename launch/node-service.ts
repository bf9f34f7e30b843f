// One of our services as a child process: started from its main.ts, ready when `/readyz` says so over its port
// or its unix socket. Its log goes where ours goes.

import { spawn } from 'node:child_process';
import { renameSync } from 'node:fs';
import { type RequestOptions, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Log } from '@pi-gateway/log/log.ts';
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
};

function isReady(at: RequestOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ ...at, path: '/readyz', timeout: 1_000, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(false));
    asked.end();
  });
}

/** @throws {LaunchError} when it ends before it is ready; its own line on standard error tells why. */
export function startNodeService(service: NodeService): Promise<Supervised> {
  const main = fileURLToPath(new URL(`../${service.main}`, import.meta.url));
  const at = 'socket' in service.at ? undefined : service.at;
  const socket = 'socket' in service.at ? service.at.socket : undefined;
  let ownSocket = '';
  let started = 0;
  return supervise({
    name: service.name,
    log: service.log,
    spawn() {
      started += 1;
      ownSocket = `${socket}.${started}`;
      return spawn(process.execPath, [main, service.pidFile.mark], {
        env: socket === undefined ? service.env : { ...service.env, GATEWAY_SOCKET: ownSocket },
        stdio: ['ignore', 'inherit', 'inherit'],
        detached: true,
      });
    },
    async ready(signal) {
      const asked = at ?? { socketPath: ownSocket };
      while (!(await isReady(asked))) await delay(20, undefined, { signal });
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
}
