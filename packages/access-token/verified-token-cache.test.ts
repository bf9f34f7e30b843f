import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import fc from 'fast-check';
import type { AccessTokenClaims } from './claims.ts';
import { check, forge, goodClaims, goodHeader } from './forge-token.ts';
import { VerifiedTokenCache } from './verified-token-cache.ts';

const claims: AccessTokenClaims = { ...goodClaims, roles: ['user'] };
const roomy = { maxEntries: 1000, maxBytes: 10_000_000 };

test('claims never swap: 10,000 interleaved tokens of 200 users give what the token says', () => {
  const cache = new VerifiedTokenCache({ maxEntries: 150, maxBytes: 10_000_000 });
  const tokens = Array.from({ length: 200 }, (_, i) => {
    const sub = uuidV7(1_700_000_000_000_000 + i);
    return { sub, token: forge(goodHeader, { ...goodClaims, sub }) };
  });
  for (let i = 0; i < 10_000; i += 1) {
    const { sub, token } = tokens[(i * 7919) % 200]!;
    let held = cache.get(token);
    if (held === undefined) {
      const verification = check(token);
      assert.equal(verification.kind, 'valid');
      if (verification.kind !== 'valid') return;
      held = verification.claims;
      cache.set(token, held);
    }
    assert.equal(held.sub, sub);
  }
});

test('tokens that share all but one character, or even their signature, are different keys', () => {
  const cache = new VerifiedTokenCache(roomy);
  const token = forge();
  cache.set(token, claims);
  const dot = token.lastIndexOf('.');
  for (const other of [token.slice(0, -1), `${token}a`, `x${token}`, token.slice(dot), token.slice(0, dot)]) {
    assert.equal(cache.get(other), undefined);
  }
  assert.equal(cache.get(token), claims);
});

describe('bounds', () => {
  test('it never holds more entries than told', () => {
    const cache = new VerifiedTokenCache({ maxEntries: 10, maxBytes: 10_000_000 });
    fc.assert(
      fc.property(fc.array(fc.nat(40)), (ids) => {
        for (const id of ids) {
          if (cache.get(`t${id}`) === undefined) cache.set(`t${id}`, claims);
          assert.ok(cache.size <= 10);
        }
      }),
    );
  });

  test('it never holds more bytes than told, and nothing that alone is too much', () => {
    const cache = new VerifiedTokenCache({ maxEntries: 1_000_000, maxBytes: 100_000 });
    for (let i = 0; i < 1000; i += 1) cache.set(`${i}`.padEnd(1000, 'x'), claims);
    assert.ok(cache.size <= 50 && cache.size >= 20);
    const huge = 'x'.repeat(100_000);
    cache.set(huge, claims);
    assert.equal(cache.get(huge), undefined);
  });

  test('a token in use survives a flood of others', () => {
    const cache = new VerifiedTokenCache({ maxEntries: 100, maxBytes: 10_000_000 });
    cache.set('mine', claims);
    for (let i = 0; i < 10_000; i += 1) {
      cache.set(`other${i}`, claims);
      if (i % 20 === 0) assert.equal(cache.get('mine'), claims);
    }
  });
});

test('clear forgets everything, so that a withdrawn key ends its tokens', () => {
  const cache = new VerifiedTokenCache({ maxEntries: 4, maxBytes: 10_000_000 });
  for (let i = 0; i < 4; i += 1) cache.set(`t${i}`, claims);
  cache.clear();
  assert.equal(cache.size, 0);
  for (let i = 0; i < 4; i += 1) assert.equal(cache.get(`t${i}`), undefined);
});
