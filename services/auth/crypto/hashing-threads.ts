// Where hashes are made: the threads of libuv's pool, which every process has one of. It is as large as
// UV_THREADPOOL_SIZE says when it is first used. By default that is 4, too few for the cores of a larger machine;
// and were it exactly the cores, then files, names and signatures would stand behind the hashes of a flood.

import { availableParallelism } from 'node:os';

const spareThreads = 4;

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
