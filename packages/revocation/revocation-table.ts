// A map from a 16-byte id to two numbers, in typed arrays: open addressing with linear probing (Knuth, TAOCP 3,
// 6.4, algorithm L), no object per entry and nothing for the garbage collector to walk. Entries are only ever
// added or widened; to drop some, the whole table is copied into a fresh one, which is why RevocationSet keeps
// many small ones.

/** An id as four 32-bit words. `a ‖ b` is never zero in an id of ours: b holds the version. */
export type IdWords = { a: number; b: number; c: number; d: number };

const smallest = 16;
const fullAt = 0.7;

export class RevocationTable {
  #capacity: number;
  #ids: Uint32Array;
  #notBefore: Float64Array;
  #until: Uint32Array;
  #size = 0;
  /** No entry ends before this second. */
  #earliestUntil = Number.POSITIVE_INFINITY;

  constructor(capacity = smallest) {
    this.#capacity = capacity;
    this.#ids = new Uint32Array(capacity * 4);
    this.#notBefore = new Float64Array(capacity);
    this.#until = new Uint32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** The entry's `notBefore`, or -1 when there is none. */
  find(id: IdWords): number {
    const slot = this.#slotOf(id);
    return this.#ids[slot * 4 + 1] === 0 ? -1 : this.#notBefore[slot]!;
  }

  /** Adds an entry; of one that is there, keeps the later of both numbers. `until` is in 32-bit seconds. */
  widen(id: IdWords, notBefore: number, until: number): void {
    if (this.#size >= this.#capacity * fullAt) this.#become(this.#copy(this.#capacity * 2, 0));
    const slot = this.#slotOf(id);
    const at = slot * 4;
    if (this.#ids[at + 1] === 0) {
      this.#size += 1;
      this.#ids[at] = id.a;
      this.#ids[at + 1] = id.b;
      this.#ids[at + 2] = id.c;
      this.#ids[at + 3] = id.d;
    }
    this.#notBefore[slot] = Math.max(this.#notBefore[slot]!, notBefore);
    this.#until[slot] = Math.max(this.#until[slot]!, until);
    this.#earliestUntil = Math.min(this.#earliestUntil, until);
  }

  /** Drops the entries whose `until` lies before the second, and shrinks with them. */
  dropBefore(second: number): void {
    if (this.#earliestUntil >= second) return;
    let kept = 0;
    for (let slot = 0; slot < this.#capacity; slot += 1) if (this.#until[slot]! >= second) kept += 1;
    let capacity = smallest;
    // Room for half as many again, so that a steady stream does not make it grow at once.
    while (kept * 1.5 >= capacity * fullAt) capacity *= 2;
    this.#become(this.#copy(capacity, second));
  }

  #copy(capacity: number, second: number): RevocationTable {
    const copy = new RevocationTable(capacity);
    const id = { a: 0, b: 0, c: 0, d: 0 };
    for (let slot = 0; slot < this.#capacity; slot += 1) {
      const at = slot * 4;
      if (this.#ids[at + 1] === 0 || this.#until[slot]! < second) continue;
      id.a = this.#ids[at]!;
      id.b = this.#ids[at + 1]!;
      id.c = this.#ids[at + 2]!;
      id.d = this.#ids[at + 3]!;
      copy.widen(id, this.#notBefore[slot]!, this.#until[slot]!);
    }
    return copy;
  }

  #become(other: RevocationTable): void {
    this.#capacity = other.#capacity;
    this.#ids = other.#ids;
    this.#notBefore = other.#notBefore;
    this.#until = other.#until;
    this.#size = other.#size;
    this.#earliestUntil = other.#earliestUntil;
  }

  /** Where the id stands, or the free place where it would stand. */
  #slotOf({ a, b, c, d }: IdWords): number {
    const mask = this.#capacity - 1;
    const ids = this.#ids;
    for (let slot = hashId(c, d) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * 4;
      if (ids[at + 1] === 0) return slot;
      if (ids[at + 3] === d && ids[at + 2] === c && ids[at + 1] === b && ids[at] === a) return slot;
    }
  }
}

/** Mixes the random half of an id (the finalizer of MurmurHash3). The low bits choose the slot. */
export function hashId(c: number, d: number): number {
  let hash = c ^ Math.imul(d, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
