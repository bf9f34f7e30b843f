// Who goes first when there is more work than the event loop gets done. Pure: the lag is an argument. From a
// route's threshold on, a share of its requests is refused that grows with the lag and is all of them at twice the
// threshold; the shares are dealt out evenly, so that the lag settles instead of swinging between all and none.
// `critical` routes are never refused here.

import type { Priority } from '../routing/route.ts';

/** In units of the threshold of `normal`. */
const thresholds: Readonly<Record<Exclude<Priority, 'critical'>, number>> = {
  low: 1 / 3,
  normal: 1,
  high: 3,
};

export class LoadShedder {
  readonly #normalMs: number;
  /** What of a refusal is still owed, by priority. */
  readonly #owed = { low: 0, normal: 0, high: 0 };

  /** `normalMs` Infinity: nothing is ever shed. */
  constructor(normalMs: number) {
    this.#normalMs = normalMs;
  }

  /** True: the request is to be refused. */
  sheds(priority: Priority, lagMs: number): boolean {
    if (priority === 'critical') return false;
    const thresholdMs = this.#normalMs * thresholds[priority];
    if (!(lagMs > thresholdMs)) {
      this.#owed[priority] = 0;
      return false;
    }
    this.#owed[priority] += Math.min(1, lagMs / thresholdMs - 1);
    if (this.#owed[priority] < 1) return false;
    this.#owed[priority] -= 1;
    return true;
  }
}
