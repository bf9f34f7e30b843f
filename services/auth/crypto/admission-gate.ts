// Lets only so many password hashes run at once, and only so many wait. Beyond that the answer is 503 at once:
// a flood of logins costs its senders, not everybody's token checks. Waiting is fair between networks: each
// has its own line, the lines take turns, and a line grows only while it is shorter than what is still free. So
// k flooding networks leave a (k+1)th part of the places to others, and nobody who was let in is sent away.

import { AppError } from '@pi-gateway/problem/app-error.ts';

export type AdmissionCounts = {
  readonly running: number;
  readonly waiting: number;
  /** Since the start. */
  readonly refused: number;
};

export type AdmissionGate = {
  /**
   * For who would wait: before anything is spent on a request that ends here anyway.
   * @throws {AppError} `overloaded` when there is no place to wait.
   */
  checkPlace(network: string): void;
  /**
   * Runs `work` when it is its turn; the permit is held until `work` ends, also when the client has left.
   * @throws {AppError} `overloaded` when there is no place to wait.
   */
  run<T>(network: string, work: () => Promise<T>): Promise<T>;
  readonly counts: () => AdmissionCounts;
  /** As many run at once at most. */
  readonly runningMax: number;
};

export type AdmissionOptions = {
  readonly runningMax: number;
  readonly waitingMax: number;
  /** Nobody is let in who would wait longer for his turn, by what work has taken of late. */
  readonly waitMsMax: number;
  readonly nowMs?: () => number;
};

// What work takes is the least of so many: what it costs, not what the machine had to do beside it.
const recentMax = 32;

export function createAdmissionGate(options: AdmissionOptions): AdmissionGate {
  const { runningMax, waitingMax, waitMsMax, nowMs = () => performance.now() } = options;
  // Map keeps the order of insertion: the first line is the next one served and then goes to the end.
  const lines = new Map<string, (() => void)[]>();
  let running = 0;
  let waiting = 0;
  let refused = 0;
  const recentMs: number[] = [];
  let costMs = 0;

  /** By the places that are free, and by the turns it would take until a new last one of the line is served. */
  function hasPlace(line: readonly unknown[], lineCount: number): boolean {
    if (line.length >= waitingMax - waiting) return false;
    return ((line.length + 1) * lineCount * costMs) / runningMax <= waitMsMax;
  }

  function checkPlace(network: string): void {
    const line = lines.get(network);
    if (running < runningMax || hasPlace(line ?? [], line === undefined ? lines.size + 1 : lines.size))
      return;
    refused++;
    throw new AppError('overloaded');
  }

  function enter(network: string): Promise<void> | undefined {
    checkPlace(network);
    if (running < runningMax) {
      running++;
      return undefined;
    }
    const line = lines.get(network) ?? [];
    waiting++;
    lines.set(network, line);
    return new Promise((resolve) => line.push(resolve));
  }

  function leave(tookMs: number): void {
    recentMs.push(tookMs);
    if (recentMs.length > recentMax) recentMs.shift();
    costMs = Math.min(...recentMs);
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
    checkPlace,
    async run(network, work) {
      await enter(network);
      const startMs = nowMs();
      try {
        return await work();
      } finally {
        leave(nowMs() - startMs);
      }
    },
    counts: () => ({ running, waiting, refused }),
    runningMax,
  };
}
