// Keeps one server program running: starts it, waits until it is ready, starts it again with back-off when it
// dies, puts a new process in its place when asked, stops it in order. The first start may fail; later failures are
// logged and retried for ever.

import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@pi-gateway/log/log.ts';
import { guardChild } from './guard-child.ts';
import { LaunchError } from './launch-error.ts';
import { stopLeftover } from './leftover.ts';

export type Program = {
  /** Stands in log lines and errors. */
  readonly name: string;
  readonly spawn: () => ChildProcess;
  /** Resolves when the program serves. `signal` aborts when it ended instead, or the time is up. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** Why it ended, from its own output; one line, or nothing. */
  readonly lastWords: () => string;
  /** In turn, each given `stopTimeoutMs`; then SIGKILL. */
  readonly stopSignals: readonly ['SIGINT' | 'SIGTERM' | 'SIGQUIT', ...('SIGTERM' | 'SIGQUIT')[]];
  readonly readyTimeoutMs: number;
  readonly stopTimeoutMs: number;
  /** What the guard sends when we vanish. */
  readonly guardSignal: 'SIGINT' | 'SIGTERM' | 'SIGKILL';
  /** Where its process id is kept, so that the next run finds what a killed one left behind. */
  readonly pidFile?: { readonly path: string; readonly mark: string };
  /** A temporary directory of its own; the guard removes it when we vanish. */
  readonly removeDir?: string;
  readonly log: Log;
};

export type Supervised = {
  readonly pid: () => number | undefined;
  /**
   * Starts another process and, when it is ready, stops the one before in order.
   * @throws {LaunchError} when it does not start; then the one before goes on.
   */
  readonly replace: () => Promise<void>;
  /** Stops the program in order. */
  readonly stop: () => Promise<void>;
  /** Lets the process exit although the program still runs (tests: the guard stops it). */
  readonly unref: () => void;
};

// A server that is killed now and then is back at once each time; one that ends as soon as it is up is not tried more
// often than the machine bears.
const backOffMs = { first: 100, most: 2_000, forgottenAfter: 10_000 };

type Life = { readonly child: ChildProcess; readonly ended: Promise<void> };

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** What the program started and left behind is in its process group, for it was started `detached`. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing left.
  }
}

/** `givenUp` aborts when nobody waits for it any more. */
async function begin(program: Program, givenUp: AbortSignal): Promise<Life> {
  const child = program.spawn();
  const { pid } = child;
  const failed = new AbortController();
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  child.once('error', (error) => failed.abort(error));
  child.once('exit', () => failed.abort());
  if (pid !== undefined) {
    const guard = guardChild(pid, program.guardSignal, program.removeDir);
    writePid(program, pid);
    child.once('exit', () => {
      killGroup(pid);
      guard.release();
    });
  }
  try {
    const late = AbortSignal.timeout(program.readyTimeoutMs);
    await program.ready(AbortSignal.any([failed.signal, givenUp, late]));
    if (hasEnded(child)) throw new Error('it ended at once');
  } catch (error) {
    const late = pid !== undefined && !hasEnded(child);
    if (late) child.kill('SIGKILL');
    await ended;
    const why = program.lastWords() || (late ? 'it did not become ready in time' : String(error));
    throw new LaunchError(`${program.name} did not start: ${why}`, { cause: error });
  }
  return { child, ended };
}

async function stopChild(program: Program, { child, ended }: Life): Promise<void> {
  child.ref();
  for (const signal of [...program.stopSignals, 'SIGKILL'] as const) {
    if (hasEnded(child)) return;
    child.kill(signal);
    const waited = new AbortController();
    const late = delay(program.stopTimeoutMs, undefined, { signal: waited.signal }).catch(() => undefined);
    await Promise.race([ended, late]);
    waited.abort();
  }
  await ended;
}

async function stopLast(program: Program): Promise<void> {
  if (program.pidFile === undefined) return;
  const { path, mark } = program.pidFile;
  const pid = Number(await readFile(path, 'utf8').catch(() => ''));
  await stopLeftover(pid, mark, program.stopSignals[0]);
}

function writePid({ pidFile }: Program, pid: number): void {
  if (pidFile !== undefined) writeFileSync(pidFile.path, `${pid}\n`);
}

/** @throws {LaunchError} when the first start fails. */
export async function supervise(program: Program): Promise<Supervised> {
  await stopLast(program);
  const stopping = new AbortController();
  let life: Life | undefined = await begin(program, stopping.signal);
  let replacing: Promise<Life> | undefined;
  let unreferenced = false;

  async function keepAlive(first: Life): Promise<void> {
    let current = first;
    let waitMs = backOffMs.first;
    let bornMs = performance.now();
    while (!stopping.signal.aborted) {
      await current.ended;
      await replacing?.catch(() => undefined);
      if (stopping.signal.aborted) return;
      if (life !== undefined && life !== current) {
        current = life;
        bornMs = performance.now();
        continue;
      }
      life = undefined;
      if (performance.now() - bornMs > backOffMs.forgottenAfter) waitMs = backOffMs.first;
      program.log.error(
        { program: program.name, why: program.lastWords() },
        'a server ended; starting it again',
      );
      for (;;) {
        await delay(waitMs, undefined, { signal: stopping.signal, ref: !unreferenced });
        waitMs = Math.min(waitMs * 2, backOffMs.most);
        try {
          current = await begin(program, stopping.signal);
          break;
        } catch (error) {
          if (stopping.signal.aborted) return;
          program.log.error({ program: program.name, err: error }, 'a server does not start; trying again');
        }
      }
      bornMs = performance.now();
      life = current;
      if (stopping.signal.aborted) await stopChild(program, current);
    }
    await current.ended;
  }
  const keeping = keepAlive(life).catch(() => undefined);

  async function replace(): Promise<void> {
    const before = life;
    if (before === undefined || replacing !== undefined || stopping.signal.aborted) {
      throw new LaunchError(`${program.name} is being started or stopped already`);
    }
    replacing = begin(program, stopping.signal);
    try {
      life = await replacing;
    } catch (error) {
      if (before.child.pid !== undefined) writePid(program, before.child.pid);
      throw error;
    } finally {
      replacing = undefined;
    }
    await stopChild(program, before);
  }

  return {
    pid: () => life?.child.pid,
    replace,
    async stop() {
      stopping.abort();
      await replacing?.catch(() => undefined);
      if (life !== undefined) await stopChild(program, life);
      await keeping;
      if (program.pidFile !== undefined) await rm(program.pidFile.path, { force: true });
    },
    unref() {
      unreferenced = true;
      life?.child.unref();
    },
  };
}
