// Plain counters of one process, each with the time after which it is forgotten, over a bounded map.

import { BoundedMap } from './bounded-map.ts';

type Entry = { readonly value: number; readonly endsAtMs: number };

export class MemoryCounters {
  readonly #entries: BoundedMap<Entry>;
  readonly #nowMs: () => number;

  constructor(maxKeys: number, nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#entries = new BoundedMap(maxKeys, (entry) => (entry.endsAtMs <= nowMs() ? 0 : entry.value));
  }

  get size(): number {
    return this.#entries.size;
  }

  count(key: string): number {
    const entry = this.#entries.get(key);
    return entry === undefined || entry.endsAtMs <= this.#nowMs() ? 0 : entry.value;
  }

  increment(key: string, ttlSeconds: number): number {
    return this.remember(key, this.count(key) + 1, ttlSeconds);
  }

  /** Sets a counter as somebody else counted it. */
  remember(key: string, value: number, ttlSeconds: number): number {
    this.#entries.set(key, { value, endsAtMs: this.#nowMs() + ttlSeconds * 1000 });
    return value;
  }

  clear(key: string): void {
    this.#entries.delete(key);
  }
}
