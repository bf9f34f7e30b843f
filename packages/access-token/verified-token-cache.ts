// Remembers tokens whose signature has held, because that check is a hundred times dearer than a look-up.
// Keyed by the whole token, never by a part or a digest of it: two tokens must not share an entry. It holds
// claims only; expiry, revocation and roles are the caller's to check on every hit, and it calls `clear` when a
// signing key is withdrawn. Two generations instead of a linked list: when the young one is full it becomes
// the old one and the old one is dropped, so that every operation is O(1) and what is in use survives.

import type { AccessTokenClaims } from './claims.ts';

// Claims, their strings and the map's slot, apart from the token's text: measured with 100,000 entries at
// about 400 bytes of heap and three times that of the process.
const entryBytes = 1024;

/** `C`: what is remembered of a token. */
export class VerifiedTokenCache<C = AccessTokenClaims> {
  #young = new Map<string, C>();
  #old = new Map<string, C>();
  #youngBytes = 0;
  readonly #generationEntries: number;
  readonly #generationBytes: number;

  /** Bounds of the whole cache; each generation may use half of them. */
  constructor(options: { readonly maxEntries: number; readonly maxBytes: number }) {
    this.#generationEntries = Math.max(1, Math.floor(options.maxEntries / 2));
    this.#generationBytes = options.maxBytes / 2;
  }

  get(token: string): C | undefined {
    const young = this.#young.get(token);
    if (young !== undefined) return young;
    const old = this.#old.get(token);
    if (old !== undefined) this.set(token, old);
    return old;
  }

  set(token: string, claims: C): void {
    const bytes = token.length + entryBytes;
    if (bytes > this.#generationBytes) return;
    if (!this.#young.has(token)) {
      const isFull =
        this.#young.size >= this.#generationEntries || this.#youngBytes + bytes > this.#generationBytes;
      if (isFull) this.#turn();
      this.#youngBytes += bytes;
    }
    this.#young.set(token, claims);
  }

  clear(): void {
    this.#turn();
    this.#turn();
  }

  /** Entries held, those in both generations counted twice. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  #turn(): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
  }
}
