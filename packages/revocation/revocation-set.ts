// What is revoked, as each gateway worker and auth hold it in memory: asked for every request, so that a
// look-up costs the same with a million entries as with none. 256 small tables instead of a big one: each
// grows and is cleaned by itself, so that no single call has more than a few thousand entries to move.

import { isUuidV7, uuidV7Micros } from '@pi-gateway/uuid/uuid-v7.ts';
import type { Revocation } from './revocation.ts';
import { hashId, type IdWords, RevocationTable } from './revocation-table.ts';

const tableCount = 256;
const tablesPerPrune = 16;
// Entries are kept a little longer than needed: a gateway's clock may run ahead of the database's.
const keptLongerSeconds = 120;
const lastSecond = 0xffff_ffff;
// The version digit of a UUIDv7 carries no information; a user's id takes a 6 there, so that one table serves
// sessions and users.
const userMark = 0x1000;

type TokenIds = { readonly sub: string; readonly sid: string; readonly jti: string };

export class RevocationSet {
  readonly #tables = Array.from({ length: tableCount }, () => new RevocationTable());
  // Withdrawn signing keys, a handful at most: asked about when keys are taken over, never for a request.
  readonly #keys = new Map<string, number>();
  #nextPruned = 0;
  #isEmpty = true;
  // Filled for each look-up instead of making an object.
  readonly #words: IdWords = { a: 0, b: 0, c: 0, d: 0 };

  /**
   * Takes revocations in any order, any number of times. Those that are over by `nowSeconds` are left out, and
   * those whose id is none of ours: the table relies on the form.
   */
  apply(revocations: readonly Revocation[], nowSeconds: number): void {
    for (const { kind, id, notBefore, until } of revocations) {
      if (until + keptLongerSeconds < nowSeconds || !isUuidV7(id)) continue;
      const last = Math.min(Math.ceil(until), lastSecond);
      if (kind === 'key') {
        this.#keys.set(id, Math.max(last, this.#keys.get(id) ?? 0));
        continue;
      }
      this.#locate(id, kind === 'user').widen(this.#words, notBefore, last);
      this.#isEmpty = false;
    }
  }

  /** True when the token's session is revoked, or its user for tokens issued up to then. */
  isRevoked({ sub, sid, jti }: TokenIds): boolean {
    // Most of the time nothing is revoked: then no id is read, digit by digit, on every request.
    if (this.#isEmpty) return false;
    if (this.#locate(sid, false).find(this.#words) >= 0) return true;
    const notBefore = this.#locate(sub, true).find(this.#words);
    return notBefore >= 0 && notBefore >= uuidV7Micros(jti);
  }

  /** True when the signing key is withdrawn. */
  isKeyRevoked(kid: string): boolean {
    return this.#keys.has(kid);
  }

  /** Drops what is over. One call looks after a sixteenth of the set: call it about every second. */
  prune(nowSeconds: number): void {
    for (let i = 0; i < tablesPerPrune; i += 1) {
      this.#tables[this.#nextPruned]!.dropBefore(nowSeconds - keptLongerSeconds);
      this.#nextPruned = (this.#nextPruned + 1) % tableCount;
    }
    // Told once a round, when every table was looked at.
    if (this.#nextPruned === 0) this.#isEmpty = this.#tables.every((table) => table.size === 0);
    for (const [kid, until] of this.#keys) {
      if (until + keptLongerSeconds < nowSeconds) this.#keys.delete(kid);
    }
  }

  /** Entries held, those included that are over but not dropped yet. */
  get size(): number {
    return this.#tables.reduce((sum, table) => sum + table.size, this.#keys.size);
  }

  /** Puts the id into `#words` and gives the table it belongs to. */
  #locate(id: string, isUser: boolean): RevocationTable {
    const words = this.#words;
    words.a = hexWord(id, 0, 4);
    words.b = (hexWord(id, 9, 14) ^ (isUser ? userMark : 0)) >>> 0;
    words.c = hexWord(id, 19, 24);
    words.d = hexWord(id, 28, 32);
    return this.#tables[hashId(words.c, words.d) >>> 24]!;
  }
}

/** Eight hexadecimal digits, four from each of two places: a UUID has dashes in between. */
function hexWord(id: string, first: number, second: number): number {
  let word = 0;
  for (let i = 0; i < 4; i += 1) word = (word << 4) | hexDigit(id.charCodeAt(first + i));
  for (let i = 0; i < 4; i += 1) word = (word << 4) | hexDigit(id.charCodeAt(second + i));
  return word >>> 0;
}

/** 0–9 and a–f only, as in every id that was verified or applied. */
function hexDigit(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}
