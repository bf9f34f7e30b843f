import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { createTokenVerifier, type TokenVerifier } from './create-token-verifier.ts';
import { signRefusedTokens } from './testing/refused-tokens.ts';
import { newTestKey, startTestIssuer, type TestIssuer } from './testing/test-issuer.ts';

let auth: TestIssuer = await startTestIssuer();
let verifier: TokenVerifier | undefined;

function open(options: Partial<Parameters<typeof createTokenVerifier>[0]> = {}): TokenVerifier {
  verifier?.close();
  verifier = createTokenVerifier({ issuer: auth.issuer, ...options });
  return verifier;
}

beforeEach(async () => {
  auth.close();
  auth = await startTestIssuer();
});
after(() => {
  verifier?.close();
  auth.close();
});

describe('valid', () => {
  test('a token in raw header lines, or as text, gives its claims', async () => {
    const { verify } = open();
    const token = await auth.token({ role: 'admin' });
    for (const input of [token, ['host', 'x', 'AUTHORIZATION', `bearer ${token}`]]) {
      const check = await verify(input);
      assert.ok(check.kind === 'valid');
      assert.deepEqual([check.claims.iss, check.claims.roles], [auth.issuer, ['admin']]);
    }
  });

  test('the audience may be another than the issuer, and is then demanded', async () => {
    const { verify } = open({ audience: 'https://orders.example.com' });
    assert.equal((await verify(await auth.token({ aud: 'https://orders.example.com' }))).kind, 'valid');
    assert.deepEqual(await verify(await auth.token()), { kind: 'invalid', reason: 'audience' });
  });

  test('the keys may come from another address than the issuer', async () => {
    const { verify } = open({
      issuer: 'https://id.example.com',
      jwksUrl: `${auth.issuer}/.well-known/jwks.json`,
    });
    assert.deepEqual(await verify(await auth.token()), { kind: 'invalid', reason: 'issuer' });
    assert.equal(auth.keyFetches(), 1);
  });

  test('a thousand tokens cost one fetch of the keys', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { verify } = open();
    for (let i = 0; i < 20; i += 1) {
      const token = await auth.token();
      const checks = await Promise.all(Array.from({ length: 50 }, () => verify(token)));
      assert.ok(checks.every(({ kind }) => kind === 'valid'));
    }
    assert.equal(auth.keyFetches(), 1);
  });
});

describe('refused', () => {
  test('no token is missing, two are ambiguous', async () => {
    const { verify } = open();
    const line = ['authorization', `Bearer ${await auth.token()}`];
    assert.deepEqual(await verify([]), { kind: 'missing' });
    assert.deepEqual(await verify(['authorization', 'Basic YTpi']), { kind: 'missing' });
    assert.deepEqual(await verify([...line, ...line]), { kind: 'ambiguous' });
    assert.deepEqual(await verify(''), { kind: 'invalid', reason: 'malformed' });
  });

  test('whatever is wrong with a token, it is invalid, and nothing in it makes us ask anywhere', async () => {
    const { verify } = open();
    const tokens = await signRefusedTokens(auth.issuer, auth.keys[0]!, auth.issuer);
    for (const [what, token] of Object.entries(tokens)) {
      assert.equal((await verify(token)).kind, 'invalid', what);
    }
    assert.deepEqual(auth.strayRequests, []);
  });

  test('an expired token lives for the leeway that was set', async () => {
    const token = await auth.token({ lifeSeconds: -30 });
    assert.deepEqual(await open().verify(token), { kind: 'invalid', reason: 'expired' });
    assert.equal((await open({ clockSkewSeconds: 300 }).verify(token)).kind, 'valid');
  });
});

describe('keys', () => {
  test('a storm of tokens with unknown kids makes one fetch a cooldown', async (t) => {
    // Without the refreshes in the background, so that each fetch is one a token has caused.
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { verify } = open();
    await verify(await auth.token());
    const strangers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => auth.token({ key: newTestKey(`strange-${i}`) })),
    );
    const storm = await Promise.all(strangers.map((token) => verify(token)));
    for (const token of strangers) await verify(token);
    assert.ok(storm.every((check) => check.kind === 'invalid' && check.reason === 'unknown_key'));
    assert.equal(auth.keyFetches(), 2);
  });

  test('a key that came since is fetched; a withdrawn one ends tokens seen before', async () => {
    const { verify } = open();
    const old = await auth.token();
    assert.equal((await verify(old)).kind, 'valid');
    auth.keys.splice(0, 1, newTestKey('key-2'));
    assert.equal((await verify(await auth.token())).kind, 'valid');
    assert.deepEqual(await verify(old), { kind: 'invalid', reason: 'unknown_key' });
    assert.equal(auth.keyFetches(), 2);
  });

  test('unavailable until the keys were there once; from then on the issuer may be away', async () => {
    auth.isDown = true;
    const failures: unknown[] = [];
    const { verify } = open({ onFetchFailed: (error) => failures.push(error) });
    const token = await auth.token();
    assert.deepEqual(await verify(token), { kind: 'unavailable' });
    assert.match(String(failures[0]), /jwks\.json answered 503/);
    auth.isDown = false;
    const endMs = Date.now() + 5000;
    while ((await verify(token)).kind !== 'valid') {
      assert.ok(Date.now() < endMs, 'the keys were not fetched again');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    auth.isDown = true;
    assert.equal((await verify(await auth.token())).kind, 'valid');
    const stranger = await auth.token({ key: newTestKey('strange') });
    assert.deepEqual(await verify(stranger), { kind: 'invalid', reason: 'unknown_key' });
  });
});

test('malformed options are told at once', () => {
  const issuer = 'https://id.example.com';
  for (const [options, message] of [
    [{ issuer: '' }, /issuer and audience/],
    [{ issuer, audience: '' }, /issuer and audience/],
    [{ issuer: 'my-auth' }, /jwksUrl: my-auth\/\.well-known\/jwks\.json is no http/],
    [{ issuer, jwksUrl: 'file:///etc/keys.json' }, /jwksUrl/],
    [{ issuer, clockSkewSeconds: -1 }, /clockSkewSeconds/],
    [{ issuer, clockSkewSeconds: Number.NaN }, /clockSkewSeconds/],
    [{ issuer, clockSkewSeconds: 301 }, /clockSkewSeconds/],
  ] as const) {
    assert.throws(() => createTokenVerifier(options), { name: 'TypeError', message });
  }
});
