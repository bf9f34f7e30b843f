// Keeps a flood of refusals from filling the disk without dropping one silently. Of what costs the attacker nothing, so
// many are written by themselves as a person makes (by key), as a crowd makes behind one address (by network), and as
// the disk takes for weeks (of all together); of what costs a password hash, only the last bound holds. All others are
// counted, by kind and network, and the last of each count is written in the place of all (docs/reference/audit-events.md).

import type { Limit } from './limiter.ts';
import { MemoryBuckets } from './memory-buckets.ts';

export type Sampled<T> = {
  /** What kind of refusal: a few words of our own. */
  readonly kind: string;
  readonly network: string;
  /** Whom or what it is about; undefined: it cost a password hash, and is bounded by that already. */
  readonly key: string | undefined;
  /** Happens all day without any attack (a token that has expired): it must not use up what others are written by. */
  readonly isEveryday?: boolean;
  readonly item: T;
};

export type Tally<T> = {
  /** The last one that was counted. */
  readonly item: T;
  /** How many it stands for, itself included. */
  readonly count: number;
  /** What they have in common beside the kind; `kind`: nothing else. */
  readonly shared: 'network' | 'kind';
};

const perKey: Limit = { name: 'key', count: 20, periodSeconds: 60 };
const perNetwork: Limit = { name: 'network', count: 500, periodSeconds: 60 };
const ofAllCheap: Limit = { name: 'all-cheap', count: 1200, periodSeconds: 120 };
const ofAllDear: Limit = { name: 'all-dear', count: 10_000, periodSeconds: 500 };
const bucketsMax = 20_000;
const talliesMax = 20;

export class EventSampler<T> {
  readonly #buckets: MemoryBuckets;
  #tallies = new Map<string, { item: T; count: number; shared: 'network' | 'kind' }>();

  constructor(nowMs: () => number = () => performance.now()) {
    this.#buckets = new MemoryBuckets(bucketsMax, nowMs);
  }

  /** Whether it is to be written by itself; else it is counted. */
  sample(one: Sampled<T>): boolean {
    const { kind, network, key, isEveryday = false } = one;
    const share = isEveryday ? 'everyday ' : '';
    const bounds =
      key === undefined
        ? [{ limit: ofAllDear, key: '' }]
        : [
            { limit: ofAllCheap, key: share },
            { limit: perNetwork, key: `${share}${network}` },
            { limit: perKey, key: `${kind} ${network} ${key}` },
          ];
    // A look first: a flood does not get as far as to make the sampler keep another key.
    const isOne = (['peek', 'take'] as const).every((mode) =>
      bounds.every((bucket) => !this.#buckets.check(bucket, mode).limited),
    );
    if (!isOne) this.count(one, 1);
    return isOne;
  }

  /** Counts what cannot be written by itself. @param times how many it stands for. */
  count({ kind, network, item }: Sampled<T>, times: number): void {
    const own = `${kind} ${network}`;
    const isRoom = this.#tallies.has(own) || this.#tallies.size < talliesMax;
    const [name, shared] = isRoom ? ([own, 'network'] as const) : ([kind, 'kind'] as const);
    const count = (this.#tallies.get(name)?.count ?? 0) + times;
    this.#tallies.set(name, { item, count, shared });
  }

  /** What was counted since the last time; the caller writes it down. */
  drain(): Tally<T>[] {
    const drained = [...this.#tallies.values()];
    this.#tallies.clear();
    return drained;
  }
}
