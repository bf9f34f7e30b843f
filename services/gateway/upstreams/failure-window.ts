// How many of the last requests failed: two half windows, the older of which falls away as a whole. Bounded and
// exact enough to judge by; a list of all outcomes would grow with the load.

export class FailureWindow {
  readonly #halfMs: number;
  #startedMs = 0;
  #requests = 0;
  #failures = 0;
  #requestsBefore = 0;
  #failuresBefore = 0;

  constructor(windowMs: number) {
    this.#halfMs = windowMs / 2;
  }

  get requests(): number {
    return this.#requests + this.#requestsBefore;
  }

  get failures(): number {
    return this.#failures + this.#failuresBefore;
  }

  add(nowMs: number, hasFailed: boolean): void {
    const age = nowMs - this.#startedMs;
    if (age >= this.#halfMs) {
      const isNext = age < this.#halfMs * 2;
      this.#requestsBefore = isNext ? this.#requests : 0;
      this.#failuresBefore = isNext ? this.#failures : 0;
      this.#requests = 0;
      this.#failures = 0;
      this.#startedMs = nowMs;
    }
    this.#requests += 1;
    if (hasFailed) this.#failures += 1;
  }

  clear(): void {
    this.#requests = 0;
    this.#failures = 0;
    this.#requestsBefore = 0;
    this.#failuresBefore = 0;
  }
}
