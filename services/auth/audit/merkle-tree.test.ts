import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { hashLeaf, merklePath, merkleRoot, rootOfPath } from './merkle-tree.ts';

const sha256 = (...parts: readonly Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();

/** The definition of RFC 9162 section 2.1.1, word for word: split at the largest power of two below the count. */
function definedRoot(entries: readonly Buffer[]): Buffer {
  if (entries.length === 1) return sha256(Buffer.from([0]), entries[0]!);
  let split = 1;
  while (split * 2 < entries.length) split *= 2;
  return sha256(Buffer.from([1]), definedRoot(entries.slice(0, split)), definedRoot(entries.slice(split)));
}

const counts = [...Array.from({ length: 40 }, (_, i) => i + 1), 63, 64, 65, 100, 1000];
const textsOf = (count: number) => Array.from({ length: count }, (_, i) => `é${i}`);
const leavesOf = (texts: readonly string[]) => Buffer.concat(texts.map(hashLeaf));

test('the root is the one that RFC 9162 defines, for every count', () => {
  for (const count of counts) {
    const texts = textsOf(count);
    assert.deepEqual(merkleRoot(leavesOf(texts)), definedRoot(texts.map((text) => Buffer.from(text))));
  }
});

test('each leaf has a path to the root, and it fits no other leaf, place or count', () => {
  for (const count of counts.filter((one) => one <= 65)) {
    const leaves = leavesOf(textsOf(count));
    const root = merkleRoot(leaves);
    for (let index = 0; index < count; index++) {
      const path = merklePath(leaves, index);
      const leaf = hashLeaf(`é${index}`);
      assert.deepEqual(rootOfPath(leaf, { index, count }, path), root);
      assert.notDeepEqual(rootOfPath(hashLeaf('other'), { index, count }, path), root);
      for (const other of [index - 1, index + 1, index + count]) {
        assert.notDeepEqual(rootOfPath(leaf, { index: other, count }, path), root);
      }
      assert.notDeepEqual(rootOfPath(leaf, { index, count }, [...path, root]), root);
      if (count > 1) assert.notDeepEqual(rootOfPath(leaf, { index, count }, path.slice(1)), root);
    }
  }
});

test('a node is no leaf: the hashes of both are told apart', () => {
  const [a, b] = [hashLeaf('a'), hashLeaf('b')];
  const forged = Buffer.concat([a, b]).toString('latin1');
  assert.notDeepEqual(hashLeaf(forged), merkleRoot(Buffer.concat([a, b])));
});
