// A map that never grows past its bound, whatever is put into it. When it is full, the oldest few entries are
// weighed: the first that is worth nothing any more goes, else the lightest. Entries that were weighed and kept
// move to the back, so that each is looked at in turn. A key that counts a lot is thus not freed by a flood of
// keys that count little, and every call is O(1).

const weighedPerEviction = 8;

export class BoundedMap<V> {
  readonly #entries = new Map<string, V>();
  readonly #maxKeys: number;
  readonly #weigh: (value: V) => number;

  /** @param weigh how much is lost with an entry; 0 or less: nothing. */
  constructor(maxKeys: number, weigh: (value: V) => number) {
    this.#maxKeys = maxKeys;
    this.#weigh = weigh;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  /** Sets an entry and makes it the youngest. */
  set(key: string, value: V): void {
    if (!this.#entries.delete(key) && this.#entries.size >= this.#maxKeys) this.#evictOne();
    this.#entries.set(key, value);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  #evictOne(): void {
    const kept: [string, V][] = [];
    let lightest: { readonly key: string; readonly weight: number } | undefined;
    for (const [key, value] of this.#entries) {
      const weight = this.#weigh(value);
      if (lightest === undefined || weight < lightest.weight) lightest = { key, weight };
      kept.push([key, value]);
      if (weight <= 0 || kept.length === weighedPerEviction) break;
    }
    for (const [key, value] of kept) {
      this.#entries.delete(key);
      if (key !== lightest?.key) this.#entries.set(key, value);
    }
  }
}
