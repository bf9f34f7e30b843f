// What a process holds once its garbage is gone.

import { setTimeout as delay } from 'node:timers/promises';
import { dataMemoryOf } from './memory-of.ts';

/** The environment of a process that `heldBy` is to measure. */
export const collecting = { NODE_OPTIONS: '--import=./tests/proofs/collect-on-signal.ts' };

const settleMs = 500;

/** In bytes. */
export async function heldBy(pid: number): Promise<number> {
  await delay(settleMs);
  process.kill(pid, 'SIGUSR2');
  await delay(settleMs);
  return dataMemoryOf(pid);
}
