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

// The weight of the newest in the moving average of what work takes.
const newestShare = 1 / 8;

export function createAdmissionGate(options: AdmissionOptions): AdmissionGate {
  const { runningMax, waitingMax, waitMsMax, nowMs = () => performance.now() } = options;
  // Map keeps the order of insertion: the first line is the next one served and then goes to the end.
  const lines = new Map<string, (() => void)[]>();
  let running = 0;
  let waiting = 0;
  let refused = 0;
  let averageMs = 0;

  /** By the places that are free, and by the turns it would take until a new last one of the line is served. */
  function hasPlace(line: readonly unknown[], lineCount: number): boolean {
    if (line.length >= waitingMax - waiting) return false;
    return ((line.length + 1) * lineCount * averageMs) / runningMax <= waitMsMax;
  }

  function enter(network: string): Promise<void> | undefined {
    if (running < runningMax) {
      running++;
      return undefined;
    }
    const known = lines.get(network);
    const line = known ?? [];
    if (!hasPlace(line, known === undefined ? lines.size + 1 : lines.size)) {
      refused++;
      throw new AppError('overloaded');
    }
    waiting++;
    lines.set(network, line);
    return new Promise((resolve) => line.push(resolve));
  }

  function leave(tookMs: number): void {
    // A process that was paused has learnt nothing about hashes.
    averageMs += (Math.min(tookMs, waitMsMax) - averageMs) * (averageMs === 0 ? 1 : newestShare);
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
