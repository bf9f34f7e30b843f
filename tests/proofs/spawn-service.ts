// One service as a process of its own, that a proof can stop, kill, pause and start again where it was.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { mallocEnv, v8Flags } from '../../launch/node-memory.ts';
import { send, type Target } from './http-client.ts';

export type Service = {
  readonly target: Target;
  readonly pid: () => number;
  /** All it has written, both streams. */
  readonly output: () => string;
  readonly start: () => Promise<void>;
  /** SIGTERM drains, SIGKILL does not. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
};

const root = fileURLToPath(new URL('../../', import.meta.url));
const readyMs = 60_000;
const living = new Set<number>();
process.once('exit', () => {
  for (const pid of living) process.kill(pid, 'SIGKILL');
});

/** Started at once and ready when `/readyz` says so. `main` is a path from the root of the repository, or of `cwd`. */
export async function spawnService(
  main: string,
  target: Target,
  env: Readonly<Record<string, string>>,
  cwd = root,
): Promise<Service> {
  let output = '';
  let child: ReturnType<typeof spawnChild>;

  function spawnChild() {
    const spawned = spawn(process.execPath, [...v8Flags(main), main], {
      cwd,
      env: {
        PATH: process.env['PATH'],
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        ...mallocEnv,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // A proof that fails before it can stop it ends all the same, and this service with it.
    spawned.unref();
    for (const stream of [spawned.stdout, spawned.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
      (stream as Socket).unref();
    }
    const { pid } = spawned;
    if (pid === undefined) throw new Error(`${main} did not start`);
    living.add(pid);
    spawned.once('exit', () => living.delete(pid));
    return { process: spawned, pid };
  }

  async function start(): Promise<void> {
    child = spawnChild();
    const startMs = performance.now();
    for (;;) {
      if (child.process.exitCode !== null) throw new Error(`${main} ended: ${output}`);
      if (performance.now() - startMs > readyMs) throw new Error(`${main} is not ready: ${output}`);
      const isReady = await send(target, { path: '/readyz' }).then(
        ({ status }) => status === 200,
        () => false,
      );
      if (isReady) return;
      await delay(10);
    }
  }

  await start();
  return {
    target,
    pid: () => child.pid,
    output: () => output,
    start,
    async stop(signal = 'SIGTERM') {
      if (child.process.exitCode !== null || child.process.signalCode !== null) return;
      child.process.ref();
      const ended = once(child.process, 'exit');
      child.process.kill(signal);
      await ended;
    },
  };
}
