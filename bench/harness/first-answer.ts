// How long a process takes from its start to its first good answer, and its end.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const startTimeoutMs = 30_000;

/** From now on, in milliseconds. @throws {Error} when it ends, or does not answer in time. */
export async function firstAnswerMs(child: ChildProcess, port: number): Promise<number> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < startTimeoutMs) {
    if (child.exitCode !== null) throw new Error(`it ended with exit code ${child.exitCode}`);
    const answered = await fetch(`http://127.0.0.1:${port}/health`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (answered) return performance.now() - startedMs;
    await delay(5);
  }
  throw new Error(`no answer on port ${port} within ${startTimeoutMs} ms`);
}

/** By SIGTERM. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
