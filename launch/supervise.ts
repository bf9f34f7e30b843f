// Keeps one server program running: starts it, waits until it is ready, starts it again with back-off when it
// dies, stops it in order. The first start may fail; later failures are logged and retried for ever.

import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@pi-gateway/log/log.ts';
import { guardChild } from './guard-child.ts';
import { LaunchError } from './launch-error.ts';

export type Program = {
  /** Stands in log lines and errors. */
  readonly name: string;
  readonly spawn: () => ChildProcess;
  /** Resolves when the program serves. `signal` aborts when it ended instead, or the time is up. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** Why it ended, from its own output; one line, or nothing. */
  readonly lastWords: () => string;
  readonly stopSignal: 'SIGINT' | 'SIGTERM' | 'SIGQUIT';
  readonly readyTimeoutMs: number;
  readonly stopTimeoutMs: number;
  /** Removed by the guard when we vanish (tests only). */
  readonly removeDir?: string;
  readonly log: Log;
};

export type Supervised = {
  readonly pid: () => number | undefined;
  /** Stops the program: its own signal first, SIGKILL after `stopTimeoutMs`. */
  readonly stop: () => Promise<void>;
  /** Lets the process exit although the program still runs (tests: the guard stops it). */
  readonly unref: () => void;
};

const backOffMs = { first: 100, most: 5_000, forgottenAfter: 30_000 };

type Life = { readonly child: ChildProcess; readonly ended: Promise<void> };

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function begin(program: Program): Promise<Life> {
  const child = program.spawn();
  const failed = new AbortController();
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  child.once('error', (error) => failed.abort(error));
  child.once('exit', () => failed.abort());
  const guard =
    child.pid === undefined
      ? undefined
      : guardChild(child.pid, program.stopSignal.slice(3) as 'INT' | 'TERM' | 'QUIT', program.removeDir);
  void ended.then(() => guard?.release());
  try {
    await program.ready(AbortSignal.any([failed.signal, AbortSignal.timeout(program.readyTimeoutMs)]));
    if (hasEnded(child)) throw new Error('ended');
  } catch (error) {
    const late = child.pid !== undefined && !hasEnded(child);
    if (late) child.kill('SIGKILL');
    await ended;
    const why = program.lastWords() || (late ? 'it did not become ready in time' : String(error));
    throw new LaunchError(`${program.name} did not start: ${why}`, { cause: error });
  }
  return { child, ended };
}

/** @throws {LaunchError} when the first start fails. */
export async function supervise(program: Program): Promise<Supervised> {
  let life: Life | undefined = await begin(program);
  let unreferenced = false;
  const stopping = new AbortController();

  async function keepAlive(first: Life): Promise<void> {
    let current = first;
    let waitMs = backOffMs.first;
    let bornMs = performance.now();
    while (!stopping.signal.aborted) {
      await current.ended;
      life = undefined;
      if (stopping.signal.aborted) return;
      if (performance.now() - bornMs > backOffMs.forgottenAfter) waitMs = backOffMs.first;
      program.log.error(
        { program: program.name, why: program.lastWords() },
        'a server ended; starting it again',
      );
      for (;;) {
        await delay(waitMs, undefined, { signal: stopping.signal, ref: !unreferenced });
        waitMs = Math.min(waitMs * 2, backOffMs.most);
        try {
          current = await begin(program);
          break;
        } catch (error) {
          program.log.error({ program: program.name, err: error }, 'a server does not start; trying again');
        }
      }
      bornMs = performance.now();
      life = current;
      if (stopping.signal.aborted) current.child.kill(program.stopSignal);
    }
    await current.ended;
  }
  const keeping = keepAlive(life).catch(() => undefined);

  return {
    pid: () => life?.child.pid,
    async stop() {
      stopping.abort();
      const last = life;
      if (last !== undefined && !hasEnded(last.child)) {
        last.child.ref();
        last.child.kill(program.stopSignal);
        const timer = setTimeout(() => last.child.kill('SIGKILL'), program.stopTimeoutMs);
        await last.ended;
        clearTimeout(timer);
      }
      await keeping;
    },
    unref() {
      unreferenced = true;
      life?.child.unref();
    },
  };
}
