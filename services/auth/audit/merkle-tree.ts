// The Merkle tree of RFC 9162 section 2.1 over SHA-256: a leaf is hashed with 0x00 before it, two nodes with 0x01, and
// an odd one at the end of a level rises as it is. Hashes of many leaves lie in one buffer, 32 bytes each.

import { hash } from 'node:crypto';

export const hashBytes = 32;

/** Of the text of one leaf. */
export function hashLeaf(text: string): Buffer {
  return hash('sha256', `\0${text}`, 'buffer');
}

const pair = Buffer.alloc(1 + 2 * hashBytes, 1);

function hashPair(left: Buffer, right: Buffer): Buffer {
  left.copy(pair, 1);
  right.copy(pair, 1 + hashBytes);
  return hash('sha256', pair, 'buffer');
}

const countOf = (level: Buffer) => level.length / hashBytes;
const nodeAt = (level: Buffer, index: number) => level.subarray(index * hashBytes, (index + 1) * hashBytes);

/** The level above; an odd last node rises. */
function levelAbove(level: Buffer): Buffer {
  const above = Buffer.allocUnsafe(Math.ceil(countOf(level) / 2) * hashBytes);
  const pairs = Math.floor(countOf(level) / 2);
  for (let i = 0; i < pairs; i++) {
    level.copy(pair, 1, 2 * i * hashBytes, 2 * (i + 1) * hashBytes);
    // A string of bytes costs a third of a buffer.
    above.write(hash('sha256', pair, 'binary'), i * hashBytes, 'binary');
  }
  level.copy(above, pairs * hashBytes, 2 * pairs * hashBytes);
  return above;
}

/** Of the hashes of at least one leaf. */
export function merkleRoot(leaves: Buffer): Buffer {
  let level = leaves;
  while (countOf(level) > 1) level = levelAbove(level);
  return level;
}

/** The neighbours that lead from one leaf to the root, the lowest first (PATH in section 2.1.3.1). */
export function merklePath(leaves: Buffer, index: number): Buffer[] {
  const path: Buffer[] = [];
  let [level, at] = [leaves, index];
  for (; countOf(level) > 1; level = levelAbove(level), at >>= 1) {
    const neighbour = at ^ 1;
    if (neighbour < countOf(level)) path.push(nodeAt(level, neighbour));
  }
  return path;
}

/** The root that a leaf's hash and its path lead to (section 2.1.3.2); undefined: the path does not fit the place. */
export function rootOfPath(
  leaf: Buffer,
  place: { readonly index: number; readonly count: number },
  path: readonly Buffer[],
): Buffer | undefined {
  let [node, at, last] = [leaf, place.index, place.count - 1];
  if (at < 0 || at > last) return undefined;
  for (const neighbour of path) {
    if (last === 0) return undefined;
    // An odd last node has risen to where it has a neighbour again.
    while (at === last && at % 2 === 0) [at, last] = [at >> 1, last >> 1];
    node = at % 2 === 1 ? hashPair(neighbour, node) : hashPair(node, neighbour);
    [at, last] = [at >> 1, last >> 1];
  }
  return last === 0 ? node : undefined;
}
