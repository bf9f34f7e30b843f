// One timer for the deadlines of all connections: each is a number that is looked at every now and then, so that a
// request starts and clears no timer. A deadline is never early and at most a tick late. Time in which this process
// did not run (stopped, or busy) is not held against the servers: their bytes may lie here unread.

export interface Swept {
  /** Ends what is past its deadline. */
  sweep(nowMs: number): void;
}

const tickMs = 50;
const busyMs = 5 * tickMs;

class CoarseClock {
  readonly #swept = new Set<Swept>();
  #timer: NodeJS.Timeout | undefined;
  #tickedMs = 0;
  #lostMs = 0;

  /** Goes on while this process runs; from an arbitrary beginning. */
  nowMs(): number {
    return performance.now() - this.#lostMs;
  }

  follow(one: Swept): void {
    this.#swept.add(one);
    if (this.#timer !== undefined) return;
    this.#tickedMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), tickMs).unref();
  }

  leave(one: Swept): void {
    this.#swept.delete(one);
    if (this.#swept.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const realMs = performance.now();
    this.#lostMs += Math.max(0, realMs - this.#tickedMs - busyMs);
    this.#tickedMs = realMs;
    for (const one of this.#swept) one.sweep(realMs - this.#lostMs);
  }
}

/** The one of this process. */
export const coarseClock = new CoarseClock();
