// New gateway workers in the place of the old ones, one by one: the next goes only when the one before has been
// replaced and has drained. One that does not start ends it, and those that are left go on as they are.

import type { Log } from '@pi-gateway/log/log.ts';
import type { Supervised } from './supervise.ts';

/** `roll` runs at SIGUSR2; a signal that comes while it runs is answered by one more round behind it. */
export function onRollSignal(roll: () => Promise<void>): void {
  let rolling: Promise<void> | undefined;
  let isAskedAgain = false;
  async function rollAll(): Promise<void> {
    do {
      isAskedAgain = false;
      await roll();
    } while (isAskedAgain);
    rolling = undefined;
  }
  process.on('SIGUSR2', () => {
    isAskedAgain = rolling !== undefined;
    rolling ??= rollAll();
  });
}

/** Never rejects: what went wrong is told in the log. */
export async function rollGateways(
  workers: readonly Pick<Supervised, 'replace' | 'pid'>[],
  log: Log,
): Promise<void> {
  for (const [index, worker] of workers.entries()) {
    try {
      await worker.replace();
    } catch (error) {
      log.error(
        { err: error, replaced: index, of: workers.length },
        'a new gateway worker does not start; the old ones go on',
      );
      return;
    }
  }
  log.info({ replaced: workers.length }, 'every gateway worker has been replaced');
}
