// One refresh of an account at a time in this process. Refreshes of one account wait for its row, each of them
// holding a database connection: one session, refreshed without pause, would take every connection of the pool, and
// all others would wait behind it. Here they wait without a connection. Those that come with the same token while
// theirs waits share its outcome: they all came before its transaction began, so it answers for each of them.

import { AppError } from '@pi-gateway/problem/app-error.ts';

export type Turn<T> = {
  readonly outcome: T;
  /** False: another request's transaction answered for this one too. */
  readonly isFirst: boolean;
};

export type AccountTurns<T> = {
  /**
   * Runs `work` when it is the account's turn, or joins one that waits with the same token.
   * `onWaited` is told how long that took, before `work` runs.
   * @throws {AppError} `overloaded` when too many different tokens of the account wait.
   */
  take(
    account: string,
    token: string,
    work: () => Promise<T>,
    onWaited?: (ms: number) => void,
  ): Promise<Turn<T>>;
  /** Accounts that are being served. */
  readonly size: number;
};

type Line<T> = { last: Promise<void>; readonly waiting: Map<string, Promise<T>> };

// Whoever uses his tokens has one; only floods of many sessions of one account come to this.
const tokensWaitingMax = 32;

export function createAccountTurns<T>(): AccountTurns<T> {
  const lines = new Map<string, Line<T>>();

  async function serve(account: string, line: Line<T>, token: string, work: () => Promise<T>): Promise<T> {
    const before = line.last;
    const done = Promise.withResolvers<void>();
    line.last = done.promise;
    await before;
    // Whoever comes from here on may have come after the commit: he gets a transaction of his own.
    line.waiting.delete(token);
    try {
      return await work();
    } finally {
      done.resolve();
      if (line.last === done.promise) lines.delete(account);
    }
  }

  return {
    async take(account, token, work, onWaited = () => undefined) {
      const line = lines.get(account) ?? { last: Promise.resolve(), waiting: new Map<string, Promise<T>>() };
      const joined = line.waiting.get(token);
      if (joined !== undefined) return { outcome: await joined, isFirst: false };
      if (line.waiting.size >= tokensWaitingMax) throw new AppError('overloaded');
      lines.set(account, line);
      const cameMs = performance.now();
      const outcome = serve(account, line, token, () => {
        onWaited(performance.now() - cameMs);
        return work();
      });
      line.waiting.set(token, outcome);
      return { outcome: await outcome, isFirst: true };
    },
    get size() {
      return lines.size;
    },
  };
}
