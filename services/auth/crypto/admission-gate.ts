// Lets only so many password hashes run at once, and only so many wait. Beyond that the answer is 503 at once:
// a flood of logins costs its senders, not everybody's token checks. Waiting is fair between networks: each
// has its own line and the lines take turns, so that one flooding network cannot starve the others.

import { AppError } from '@pi-gateway/problem/app-error.ts';

export type AdmissionGate = {
  /**
   * Runs `work` when it is its turn; the permit is held until `work` ends, also when the client has left.
   * @throws {AppError} `overloaded` when the queue is full.
   */
  run<T>(network: string, work: () => Promise<T>): Promise<T>;
  readonly counts: () => { readonly running: number; readonly waiting: number };
};

export type AdmissionOptions = { readonly runningMax: number; readonly waitingMax: number };

export function createAdmissionGate({ runningMax, waitingMax }: AdmissionOptions): AdmissionGate {
  // Map keeps the order of insertion: the first line is the next one served and then goes to the end.
  const lines = new Map<string, (() => void)[]>();
  // One network may fill at most half of the queue.
  const lineMax = Math.max(1, Math.floor(waitingMax / 2));
  let running = 0;
  let waiting = 0;

  function enter(network: string): Promise<void> | undefined {
    if (running < runningMax) {
      running++;
      return undefined;
    }
    const line = lines.get(network) ?? [];
    if (waiting >= waitingMax || line.length >= lineMax) throw new AppError('overloaded');
    waiting++;
    lines.set(network, line);
    return new Promise((resolve) => line.push(resolve));
  }

  function leave(): void {
    const next = lines.entries().next().value;
    if (next === undefined) {
      running--;
      return;
    }
    const [network, line] = next;
    lines.delete(network);
    const admit = line.shift()!;
    if (line.length > 0) lines.set(network, line);
    waiting--;
    admit(); // the permit passes on: `running` stays as it is
  }

  return {
    async run(network, work) {
      await enter(network);
      try {
        return await work();
      } finally {
        leave();
      }
    },
    counts: () => ({ running, waiting }),
  };
}
