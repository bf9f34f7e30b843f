// A set of texts in a few bits each (Bloom 1970): a text names sixteen bits, by the words of its SHA-512, and is
// taken to be in the set when all of them are on. Nothing that was added is missed; of what was not added, the share
// of bits that are on to the power of sixteen is taken to be in it.

import { hash } from 'node:crypto';

export const probes = 16;

/** Puts `text` into the set. */
export function addText(bits: Uint8Array, text: string): void {
  for (const bit of bitsOf(text, bits.length * 8)) bits[bit >>> 3]! |= 1 << (bit & 7);
}

/** False: `text` was never added. */
export function hasText(bits: Uint8Array, text: string): boolean {
  return bitsOf(text, bits.length * 8).every((bit) => (bits[bit >>> 3]! & (1 << (bit & 7))) !== 0);
}

function bitsOf(text: string, size: number): number[] {
  const digest = hash('sha512', text, 'buffer');
  return Array.from({ length: probes }, (_, i) => digest.readUInt32LE(i * 4) % size);
}
