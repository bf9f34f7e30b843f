// Whether one target is asked, judged by what became of the requests before: closed (it is), open (it is left out
// for a moment), half open (one request at a time tries it). It opens at once when the target could not be
// reached, and when too many of its requests got no proper answer; a status, 503 too, is one. The time it stays
// open doubles up to four seconds, so that a sound target is always used again within five.
// The clock is an argument, so that no test has to wait.

import { FailureWindow } from './failure-window.ts';

export type BreakerRule = {
  /** So many of a hundred requests without a proper answer open it. */
  readonly failurePercent: number;
  /** Fewer requests in the window tell nothing. */
  readonly minRequests: number;
  readonly windowMs: number;
};

export type BreakerState = 'closed' | 'open' | 'half_open';

export type BreakerOwner = {
  /** Has the last word about a mere share of failures. */
  readonly mayOpen: () => boolean;
  /** It opened, or closed again. */
  readonly onChange: (isClosed: boolean) => void;
};

/** Of which opening a request knew when it was sent. */
export type Pass = number;

const restMsMin = 500;
const restMsMax = 4000;

export class CircuitBreaker {
  /** How often it has opened. */
  openings: Pass = 0;
  readonly #rule: BreakerRule | undefined;
  readonly #owner: BreakerOwner;
  readonly #window: FailureWindow;
  #isClosed = true;
  #restMs = 0;
  #restUntilMs = 0;
  #trials = 0;

  /** `rule` undefined: only a target out of reach opens it. */
  constructor(rule: BreakerRule | undefined, owner: BreakerOwner) {
    this.#rule = rule;
    this.#owner = owner;
    this.#window = new FailureWindow(rule?.windowMs ?? 0);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  state(nowMs: number): BreakerState {
    if (this.#isClosed) return 'closed';
    return nowMs < this.#restUntilMs ? 'open' : 'half_open';
  }

  /** Whether the next request may go there. */
  mayTry(nowMs: number): boolean {
    return this.#isClosed || (nowMs >= this.#restUntilMs && this.#trials === 0);
  }

  /** A request is sent; its pass belongs to what becomes of it, and to `end`, which has to follow. */
  begin(): Pass {
    if (!this.#isClosed) this.#trials += 1;
    return this.openings;
  }

  end(pass: Pass): void {
    if (pass === this.openings && this.#trials > 0) this.#trials -= 1;
  }

  /** What an older request brings back says nothing about a target that has failed since. */
  noteAnswered(pass: Pass, nowMs: number): void {
    if (this.#isClosed) this.#window.add(nowMs, false);
    else if (pass === this.openings) this.#close();
  }

  /** It was reached and gave no proper answer. */
  noteFailed(pass: Pass, nowMs: number): void {
    if (!this.#isClosed) return this.#noteTrialFailed(pass, nowMs);
    this.#window.add(nowMs, true);
    const { requests, failures } = this.#window;
    const rule = this.#rule;
    if (rule === undefined || requests < rule.minRequests) return;
    if (failures * 100 >= requests * rule.failurePercent && this.#owner.mayOpen()) this.#open(nowMs);
  }

  noteUnreachable(pass: Pass, nowMs: number): void {
    if (this.#isClosed) this.#open(nowMs);
    else this.#noteTrialFailed(pass, nowMs);
  }

  #noteTrialFailed(pass: Pass, nowMs: number): void {
    // Many requests fail at once: they count as one failure, or the rest would grow with the load.
    if (pass === this.openings && nowMs >= this.#restUntilMs) this.#open(nowMs);
  }

  #open(nowMs: number): void {
    const wasClosed = this.#isClosed;
    this.#isClosed = false;
    this.openings += 1;
    this.#trials = 0;
    this.#restMs = Math.min(Math.max(this.#restMs * 2, restMsMin), restMsMax);
    this.#restUntilMs = nowMs + this.#restMs;
    if (wasClosed) this.#owner.onChange(false);
  }

  #close(): void {
    this.#isClosed = true;
    this.#restMs = 0;
    this.#trials = 0;
    this.#window.clear();
    this.#owner.onChange(true);
  }
}
