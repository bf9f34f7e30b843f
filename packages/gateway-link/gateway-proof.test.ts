import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { callProof, forwardProof, isProof } from './gateway-proof.ts';

const masterKey = randomBytes(32);

test('a proof holds for its own purpose and master key only', () => {
  const proof = forwardProof(masterKey);
  assert.equal(isProof(proof, forwardProof(masterKey)), true);
  assert.equal(isProof(proof, callProof(masterKey)), false);
  assert.equal(isProof(proof, forwardProof(randomBytes(32))), false);
});

test('a missing, doubled or non-ASCII header proves nothing', () => {
  const proof = forwardProof(masterKey);
  assert.equal(isProof(proof, undefined), false);
  assert.equal(isProof(proof, ''), false);
  assert.equal(isProof(proof, [proof, proof]), false);
  assert.equal(isProof(proof, `${proof}, ${proof}`), false);
  assert.equal(isProof(proof, 'é'.repeat(proof.length)), false);
});
