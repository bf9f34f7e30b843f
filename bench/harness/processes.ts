// The programs of a benchmark: each pinned to one processor core, all ended at the end. What is measured has core 0
// for itself, or as many as are asked for; load and services share the last.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const root = join(import.meta.dirname, '..', '..');
const startMs = 20_000;
const stopMs = 5000;

/** For `taskset -c`: where what is measured runs, and where everything else does. */
export const measuredCores = '0';
export const otherCores = String(availableParallelism() - 1);

export class Processes {
  readonly #children: ChildProcess[] = [];

  /** Starts a program on `cores`; its errors are shown. */
  start(cores: string, command: readonly string[], env: NodeJS.ProcessEnv = {}): number {
    const isLinux = process.platform === 'linux';
    const [program = '', ...args] = isLinux ? ['taskset', '-c', cores, ...command] : command;
    const child = spawn(program, args, {
      cwd: root,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.#children.push(child);
    return child.pid!;
  }

  /** Ends all that were started, the last first. */
  async stop(): Promise<void> {
    for (const child of this.#children.splice(0).toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await Promise.race([ended, delay(stopMs, undefined, { ref: false })]);
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    }
  }
}

/** @throws {Error} when nothing under `url` answers with a 2xx in time. */
export async function untilAnswers(url: string, headers: Record<string, string> = {}): Promise<void> {
  const endMs = performance.now() + startMs;
  for (;;) {
    const isGood = await fetch(url, { headers }).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isGood) return;
    if (performance.now() > endMs) throw new Error(`no good answer from ${url}`);
    await delay(20);
  }
}

/** @throws {Error} when nothing listens on the port in time. */
export async function untilListens(port: number): Promise<void> {
  const endMs = performance.now() + startMs;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    if (performance.now() > endMs) throw new Error(`nothing listens on port ${port}`);
    await delay(20);
  }
}
