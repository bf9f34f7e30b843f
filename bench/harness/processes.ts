// The programs of a benchmark: each pinned to one processor core, all ended at the end. What is measured has core 0
// for itself, or as many as are asked for; load and services share the last.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

export const root = join(import.meta.dirname, '..', '..');
const startMs = 20_000;
const stopMs = 5000;

/** For `taskset -c`: where what is measured runs, and where everything else does. */
export const measuredCores = '0';
export const otherCores = String(availableParallelism() - 1);

/** Of all that were started and run. */
const living = new Set<ChildProcess>();
let isOver = false;

function follow(child: ChildProcess): ChildProcess {
  living.add(child);
  return child.once('exit', () => living.delete(child));
}

function refuseWhenOver(): void {
  if (isOver) throw new Error('the benchmark was cut off');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await Promise.race([ended, delay(stopMs, undefined, { ref: false })]);
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
}

/** Cuts the benchmark off: ends whatever runs, and lets nothing more be started. Who waits for a program sees it fail. */
export async function endAll(): Promise<void> {
  isOver = true;
  await Promise.all([...living].map(end));
}

/** Runs a program to its end and gives what it wrote. @throws {Error} when it fails. */
export async function runProgram(program: string, args: readonly string[]): Promise<string> {
  refuseWhenOver();
  const running = promisify(execFile)(program, args);
  follow(running.child);
  return (await running).stdout;
}

export class Processes {
  readonly #children: ChildProcess[] = [];

  /** Starts a program on `cores`; its errors are shown. */
  start(cores: string, command: readonly string[], env: NodeJS.ProcessEnv = {}): number {
    refuseWhenOver();
    const isLinux = process.platform === 'linux';
    const [program = '', ...args] = isLinux ? ['taskset', '-c', cores, ...command] : command;
    const child = spawn(program, args, {
      cwd: root,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.#children.push(follow(child));
    return child.pid!;
  }

  /** Ends all that were started, the last first. */
  async stop(): Promise<void> {
    for (const child of this.#children.splice(0).toReversed()) await end(child);
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
