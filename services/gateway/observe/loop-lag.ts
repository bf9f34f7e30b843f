// How late the event loop is: the mean delay of a timer, in windows of half a second. What counts is the better of
// the last two windows, so that one long pause (a collection, a machine that was asleep) does not pass for overload,
// while a real overload shows within a second.

const tickMs = 50;
const windowMs = 500;

export class LoopLag {
  #timer: NodeJS.Timeout | undefined;
  #beforeMs = 0;
  #lastMs = 0;
  #lateMs = 0;
  #ticks = 0;
  #passedMs = 0;

  /** Begins to measure. */
  start(): void {
    let ticked = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.note(now - ticked);
      ticked = now;
    }, tickMs).unref();
  }

  /** Milliseconds. */
  lagMs(): number {
    return Math.min(this.#beforeMs, this.#lastMs);
  }

  /** One tick that came `elapsedMs` after the one before. */
  note(elapsedMs: number): void {
    this.#lateMs += Math.max(0, elapsedMs - tickMs);
    this.#ticks += 1;
    this.#passedMs += elapsedMs;
    if (this.#passedMs < windowMs) return;
    this.#beforeMs = this.#lastMs;
    this.#lastMs = this.#lateMs / this.#ticks;
    this.#lateMs = 0;
    this.#ticks = 0;
    this.#passedMs = 0;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
