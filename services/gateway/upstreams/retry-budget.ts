// Retries may not multiply the load on a service that is failing: each request adds a fifth of a retry, up
// to a small store, and each retry takes one.

const perRequest = 0.2;
const storeMax = 20;

export class RetryBudget {
  #store = storeMax / 2;

  noteRequest(): void {
    this.#store = Math.min(this.#store + perRequest, storeMax);
  }

  /** True when a retry may be made; it is then counted. */
  take(): boolean {
    if (this.#store < 1) return false;
    this.#store -= 1;
    return true;
  }
}
