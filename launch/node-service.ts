// One of our services as a child process: started from its main.ts, ready when `/readyz` says so over its port
// or its unix socket. Its log goes where ours goes.

import { spawn } from 'node:child_process';
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
  /** Where `/readyz` is asked: `{ host, port }` or `{ socketPath }`. */
  readonly readyAt: RequestOptions;
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
  return supervise({
    name: service.name,
    log: service.log,
    spawn: () =>
      spawn(process.execPath, [main, service.pidFile.mark], {
        env: service.env,
        stdio: ['ignore', 'inherit', 'inherit'],
        detached: true,
      }),
    async ready(signal) {
      while (!(await isReady(service.readyAt))) await delay(20, undefined, { signal });
    },
    lastWords: () => 'see the line above',
    stopSignals: ['SIGTERM'],
    // When we vanish there is nobody left to drain for, and its port must be free for the next run.
    guardSignal: 'SIGKILL',
    pidFile: service.pidFile,
    readyTimeoutMs: 60_000,
    stopTimeoutMs: 15_000,
  });
}
