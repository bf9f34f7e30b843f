// Where hashes are made: the threads of libuv's pool, which every process has one of. It is as large as
// UV_THREADPOOL_SIZE says when it is first used. By default that is 4, too few for the cores of a larger machine;
// and were it exactly the cores, then files, names and signatures would stand behind the hashes of a flood.

import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism, getPriority, setPriority } from 'node:os';

const spareThreads = 4;
// A tenth of the weight of everything else, where everything else wants the processor too; the lowest is 19.
const lower = 10;
const lowest = 19;

/** For UV_THREADPOOL_SIZE, before anything uses the pool; a size that was given stays. */
export function chooseThreadPoolSize(given: string | undefined): string {
  return given || String(availableParallelism() + spareThreads);
}

/**
 * How many hashes run at once at most: one a core, and no more than the pool has threads.
 * @param poolSize as libuv reads it: what is no number is 1.
 */
export function countHashesRunningMax(poolSize: string): number {
  const threads = Math.max(1, Number.parseInt(poolSize, 10) || 1);
  return Math.min(availableParallelism(), threads);
}

/**
 * Lets the processor go to whatever else wants it before it goes to hashes: this process' event loop, the gateway,
 * PostgreSQL. A flood of logins has every core hashing, and a token check would wait for its turn at each of its
 * steps. On Linux threads have priorities of their own; elsewhere this does nothing.
 */
export async function lowerHashingPriority(): Promise<void> {
  if (process.platform !== 'linux') return;
  const priority = Math.min(lowest, getPriority() + lower);
  // Reading the folder has used the pool: its threads are there, all of them.
  for (const id of await readdir('/proc/self/task')) {
    const name = await readFile(`/proc/self/task/${id}/comm`, 'utf8').catch(() => 'ended meanwhile');
    if (name.trim() === 'libuv-worker') setPriority(Number(id), priority);
  }
}
