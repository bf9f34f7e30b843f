// What a process holds once its garbage is gone.

import { setTimeout as delay } from 'node:timers/promises';
import { dataMemoryOf } from './memory-of.ts';

/** The environment of a process that `heldBy` is to measure. */
export const collecting = { NODE_OPTIONS: '--import=./tests/proofs/collect-on-signal.ts' };

const settleMs = 500;
const collections = 4;

/**
 * In bytes: the least after several collections. V8 keeps pages that a collection has emptied for a moment, sometimes
 * megabytes of them; what is held stays in all readings.
 */
export async function heldBy(pid: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let collection = 0; collection < collections; collection += 1) {
    await delay(settleMs);
    process.kill(pid, 'SIGUSR2');
    await delay(settleMs);
    least = Math.min(least, dataMemoryOf(pid));
  }
  return least;
}
