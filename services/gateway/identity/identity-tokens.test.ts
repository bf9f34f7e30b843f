import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { verifyInternalToken } from '@pi-gateway/access-token/internal-token.ts';
import { readJwks } from '@pi-gateway/access-token/jwks.ts';
import type { Principal } from '../principal.ts';
import { IdentityKeys, identityPeriodMs } from './identity-keys.ts';
import { IdentityTokens } from './identity-tokens.ts';

const keys = new IdentityKeys(Buffer.alloc(32, 7), 1);
let nowMs: number;
let tokens: IdentityTokens;
beforeEach(() => {
  nowMs = identityPeriodMs * 3000;
  tokens = new IdentityTokens({ keys, publicUrl: 'https://id.test', nowMs: () => nowMs });
});

const purpose = { service: 'orders', route: '/orders/*', method: 'GET' };
function principal(more: Partial<Principal> = {}): Principal {
  return { kind: 'foreign', id: 'corp:u1', roles: ['user'], sessionId: 's1', ...more } as Principal;
}

function claimsOf(token: string) {
  const set = { keys: keys.all(nowMs).map(({ jwk }) => jwk) };
  const rules = { issuer: 'https://id.test/gateway', audience: 'orders', clockSkewSeconds: 0 };
  const check = verifyInternalToken(token, { ...rules, keys: readJwks(set), nowSeconds: nowMs / 1000 });
  assert.ok(check.kind === 'valid', JSON.stringify(check));
  return check.claims;
}

test('a token says who calls, for which service, route and method, for a minute', () => {
  const iat = nowMs / 1000;
  assert.deepEqual(claimsOf(tokens.tokenFor(principal(), purpose)), {
    iss: 'https://id.test/gateway',
    aud: 'orders',
    sub: 'corp:u1',
    roles: ['user'],
    sid: 's1',
    route: '/orders/*',
    method: 'GET',
    iat,
    exp: iat + 60,
  });
  const { sid } = claimsOf(tokens.tokenFor(principal({ sessionId: undefined }), purpose));
  assert.equal(sid, undefined);
});

describe('a signed token', () => {
  test('is used again for half of its life', () => {
    const first = tokens.tokenFor(principal(), purpose);
    nowMs += 29_999;
    assert.equal(tokens.tokenFor(principal(), purpose), first);
    nowMs += 1;
    assert.notEqual(tokens.tokenFor(principal(), purpose), first);
    assert.equal(tokens.signed, 2);
  });

  test('is never another caller\u2019s, and never for another service, route, method, session or role', () => {
    const all = [
      tokens.tokenFor(principal(), purpose),
      tokens.tokenFor(principal({ id: 'corp:u2' }), purpose),
      tokens.tokenFor(principal({ sessionId: 's2' }), purpose),
      tokens.tokenFor(principal({ sessionId: undefined }), purpose),
      tokens.tokenFor(principal({ roles: ['admin'] }), purpose),
      tokens.tokenFor(principal({ roles: ['user', 'admin'] }), purpose),
      tokens.tokenFor(principal(), { ...purpose, service: 'billing' }),
      tokens.tokenFor(principal(), { ...purpose, route: '/orders/{id}' }),
      tokens.tokenFor(principal(), { ...purpose, method: 'DELETE' }),
    ];
    assert.equal(new Set(all.map((token) => token.split('.')[1])).size, all.length);
    assert.equal(tokens.signed, all.length);
  });

  test('of a time that a clock set back has not reached is not used', () => {
    tokens.tokenFor(principal(), purpose);
    nowMs -= 3_600_000;
    assert.equal(claimsOf(tokens.tokenFor(principal(), purpose)).iat, nowMs / 1000);
  });
});

test('no number of callers makes it keep more than its bound, nor one whose roles are a book', () => {
  for (let i = 0; i < 10_050; i++) tokens.tokenFor(principal({ id: `corp:u${i}` }), purpose);
  assert.equal(tokens.size, 10_000);
  const book = Array.from({ length: 200 }, (_, i) => `a-role-with-a-long-name-${i}`);
  for (let i = 0; i < 2; i++) tokens.tokenFor(principal({ roles: book }), purpose);
  assert.equal(tokens.signed, 10_052);
});
