// Retries may not multiply the load on a service that is failing: each request adds a fifth of a retry, up
// to a store, and each retry takes one. The store is for the moment in which a busy target dies: all that it had
// under way is tried again at once.

const perRequest = 0.2;
const storeAtFirst = 10;
const storeMax = 100;

export class RetryBudget {
  #store = storeAtFirst;

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
