import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { createInternalTokenVerifier } from './create-internal-token-verifier.ts';
import { createTokenVerifier } from './create-token-verifier.ts';
import { type InternalTestToken, signInternalToken } from './testing/sign-internal-token.ts';
import { newTestKey, startTestIssuer } from './testing/test-issuer.ts';

// It serves one key set for both kinds of token: what holds here holds without the help of different keys.
const gateway = await startTestIssuer();
const jwksUrl = `${gateway.issuer}/.well-known/jwks.json`;
const tokens = createInternalTokenVerifier({ gateway: gateway.issuer, audience: 'orders', jwksUrl });
const accessTokens = createTokenVerifier({ issuer: gateway.issuer });
const key = gateway.keys[0]!;
const sign = (options?: InternalTestToken) => signInternalToken(gateway.issuer, key, options);
const nowSeconds = () => Math.floor(Date.now() / 1000);

after(() => {
  tokens.close();
  accessTokens.close();
  gateway.close();
});

test('a token of the gateway tells who calls, by which route and method', async () => {
  const check = await tokens.verify(['host', 'a', 'X-Pi-Identity', await sign()]);
  assert.ok(check.kind === 'valid');
  const { iat, exp, iss, ...told } = check.claims;
  assert.deepEqual([iss, exp - iat], [`${gateway.issuer}/gateway`, 60]);
  assert.deepEqual(told, {
    aud: 'orders',
    sub: 'a-user',
    roles: ['user'],
    sid: 'a-session',
    route: '/orders/{id}',
    method: 'GET',
  });
});

test('method and route are demanded where they are given', async () => {
  const token = await sign();
  for (const [expected, reason] of [
    [{ method: 'GET', route: '/orders/{id}' }, undefined],
    [{ method: 'DELETE' }, 'method'],
    [{ route: '/orders/*' }, 'route'],
  ] as const) {
    const check = await tokens.verify(token, expected);
    assert.equal(check.kind === 'invalid' ? check.reason : undefined, reason);
  }
});

test('no token is missing, two are ambiguous; an Authorization header is not looked at', async () => {
  const token = await sign();
  const line = ['x-pi-identity', token];
  assert.deepEqual(await tokens.verify(['authorization', `Bearer ${token}`]), { kind: 'missing' });
  assert.deepEqual(await tokens.verify([...line, ...line]), { kind: 'ambiguous' });
  assert.deepEqual(await tokens.verify([...line, 'X-PI-Identity', 'another']), { kind: 'ambiguous' });
});

describe('refused', () => {
  const wrong: readonly (readonly [string, InternalTestToken, string])[] = [
    ['another service\u2019s', { claims: { aud: 'billing' } }, 'audience'],
    ['a list of services', { claims: { aud: ['orders'] } }, 'audience'],
    ['another gateway\u2019s', { claims: { iss: 'https://other.example.com/gateway' } }, 'issuer'],
    ['auth as its issuer', { claims: { iss: gateway.issuer } }, 'issuer'],
    ['no subject', { claims: { sub: undefined } }, 'subject'],
    ['roles that are no list', { claims: { roles: 'admin' } }, 'roles'],
    ['a session that is no text', { claims: { sid: 1 } }, 'session'],
    ['no route', { claims: { route: '' } }, 'route'],
    ['no method', { claims: { method: undefined } }, 'method'],
    ['expired', { claims: { iat: nowSeconds() - 120, exp: nowSeconds() - 60 } }, 'expired'],
    ['not yet valid', { claims: { iat: nowSeconds() + 60, exp: nowSeconds() + 90 } }, 'not_yet_valid'],
    ['a life longer than a minute', { claims: { exp: nowSeconds() + 600 } }, 'times'],
    ['no end', { claims: { exp: undefined } }, 'times'],
    ['the type of an access token', { header: { typ: 'at+jwt' } }, 'header'],
    ['no type', { header: { typ: undefined } }, 'header'],
    ['a key of its own', { header: { jwk: key.jwk } }, 'header'],
    ['a kid of nobody', { header: { kid: 'nobody' } }, 'unknown_key'],
  ];
  for (const [what, options, reason] of wrong) {
    test(what, async () => {
      assert.deepEqual(await tokens.verify(await sign(options)), { kind: 'invalid', reason });
    });
  }

  test('another key under the kid of ours', async () => {
    const forged = await signInternalToken(gateway.issuer, newTestKey(key.kid));
    assert.deepEqual(await tokens.verify(forged), { kind: 'invalid', reason: 'signature' });
  });
});

test('neither kind of token passes for the other, by the very same key', async () => {
  const internal = await sign({ claims: { iss: gateway.issuer, aud: gateway.issuer } });
  assert.deepEqual(await accessTokens.verify(internal), { kind: 'invalid', reason: 'header' });
  const access = await gateway.token({ aud: 'orders' });
  assert.deepEqual(await tokens.verify(access), { kind: 'invalid', reason: 'header' });
});

test('a token that has held is refused when it has expired since', async (t) => {
  const token = await sign();
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  const { verify, close } = createInternalTokenVerifier({
    gateway: gateway.issuer,
    audience: 'orders',
    jwksUrl,
  });
  assert.equal((await verify(token)).kind, 'valid');
  t.mock.timers.tick(70_000);
  assert.deepEqual(await verify(token), { kind: 'invalid', reason: 'expired' });
  close();
});

test('malformed options are told at once', () => {
  for (const options of [
    { gateway: '', audience: 'orders' },
    { gateway: 'https://id.example.com', audience: '' },
    { gateway: 'no-url', audience: 'orders' },
    { gateway: 'https://id.example.com', audience: 'orders', clockSkewSeconds: -1 },
  ]) {
    assert.throws(() => createInternalTokenVerifier(options), TypeError);
  }
});
