import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forge, goodClaims, issuer, nowSeconds, publicJwk } from './forge-token.ts';
import { RemoteKeys } from './remote-keys.ts';
import { VerifiedTokenCache } from './verified-token-cache.ts';
import { verifyWithRemoteKeys } from './verify-with-remote-keys.ts';

const verified = new VerifiedTokenCache({ maxEntries: 10, maxBytes: 1_000_000 });
const keys = new RemoteKeys({ fetchKeys: () => Promise.resolve({ keys: [publicJwk] }) });

const verifyAt = (token: string, seconds: number) =>
  verifyWithRemoteKeys(token, {
    keys,
    verified,
    issuer,
    audience: issuer,
    clockSkewSeconds: 5,
    nowMs: () => seconds * 1000,
  });

test('nothing is told of a token before the first load', async () => {
  assert.deepEqual(verifyAt(forge(), nowSeconds), { kind: 'unavailable' });
  await keys.start();
  keys.close();
});

test('a token whose key is at hand is judged without waiting, the first time and from memory', () => {
  const token = forge();
  for (const _ of ['verified', 'remembered']) {
    assert.deepEqual(verifyAt(token, nowSeconds), { kind: 'valid', claims: goodClaims });
  }
});

test('a remembered token dies in the very second its leeway ends', () => {
  const token = forge();
  const dead = { kind: 'invalid', reason: 'expired' };
  assert.deepEqual(verifyAt(token, goodClaims.exp + 4.999), { kind: 'valid', claims: goodClaims });
  assert.deepEqual(verifyAt(token, goodClaims.exp + 5), dead);
  verified.clear();
  assert.deepEqual(verifyAt(token, goodClaims.exp + 5), dead);
});
