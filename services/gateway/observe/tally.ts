// Counts of one kind of request, taken down by number alone and read at a scrape. prom-client hashes and checks the
// labels of every observation anew, which cost a forwarded request more than routing it; here a label is found once.

/** Upper bounds of the buckets, in seconds; one more bucket takes what is above the last. */
export const boundsSeconds: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
];

/** A histogram of durations. */
export class Durations {
  /** By bucket, not added up. */
  readonly counts = new Float64Array(boundsSeconds.length + 1);
  sumSeconds = 0;

  observe(seconds: number): void {
    let bucket = 0;
    while (bucket < boundsSeconds.length && seconds > boundsSeconds[bucket]!) bucket++;
    this.counts[bucket]! += 1;
    this.sumSeconds += seconds;
  }
}

/** How often one outcome came, since the last scrape. */
type Outcome = {
  readonly method: string;
  readonly status: number;
  readonly reason: string;
  count: number;
};

/** What the requests of one route came to. */
export class Outcomes {
  readonly #all: Outcome[] = [];

  count(method: string, status: number, reason: string): void {
    // A route has few outcomes, and nearly every request has the first of them.
    for (const one of this.#all) {
      if (one.status === status && one.method === method && one.reason === reason) {
        one.count += 1;
        return;
      }
    }
    this.#all.push({ method, status, reason, count: 1 });
  }

  /** Hands out the counts since the last call. */
  take(each: (outcome: Readonly<Outcome>) => void): void {
    for (const one of this.#all) {
      if (one.count > 0) each(one);
      one.count = 0;
    }
  }
}
