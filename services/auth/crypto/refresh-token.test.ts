import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import fc from 'fast-check';
import { encodeRefreshToken, hashNonce, newNonce, readRefreshToken } from './refresh-token.ts';

const macKey = randomBytes(32);
const token = { sessionId: uuidV7(1_700_000_000_000_000), generation: 7, nonce: newNonce() };
const text = encodeRefreshToken(token, macKey);

test('a token is read back as it was made', () => {
  assert.match(text, /^pir_[\w-]{114}$/);
  assert.deepEqual(readRefreshToken(text, macKey), token);
});

test('a token has one text: no other of its length or near it is read', () => {
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, sign) => {
      const changed = text.slice(0, at) + sign + text.slice(at + 1);
      assert.equal(readRefreshToken(changed, macKey) === undefined, changed !== text);
    }),
    { numRuns: 3000 },
  );
  for (const other of [
    `${text}=`,
    `${text} `,
    text.slice(0, -1),
    text.slice(1),
    text.replace('pir_', 'PIR_'),
  ]) {
    assert.equal(readRefreshToken(other, macKey), undefined);
  }
});

test('neither the database (hash of the nonce) nor the MAC key alone makes a token', () => {
  const fromDatabase = { ...token, nonce: hashNonce(token.nonce) };
  assert.equal(readRefreshToken(encodeRefreshToken(fromDatabase, randomBytes(32)), macKey), undefined);
  const fromKey = readRefreshToken(encodeRefreshToken({ ...token, nonce: newNonce() }, macKey), macKey)!;
  assert.notDeepEqual(hashNonce(fromKey.nonce), hashNonce(token.nonce));
});
