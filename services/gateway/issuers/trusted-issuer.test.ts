import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createLog } from '@pi-gateway/log/log.ts';
import type { Issuer } from '../routing/route.ts';
import { audience, newProviderKey, OidcProvider } from '../testing/oidc-provider.ts';
import { until } from '../testing/start-test-gateway.ts';
import { isSafeUrl } from './fetch-keys.ts';
import { TrustedIssuer } from './trusted-issuer.ts';

const log = createLog({ service: 'gateway', level: 'silent' });
const clock = { nowMs: Date.now, clockSkewSeconds: 5 };
let provider: OidcProvider;
let issuer: TrustedIssuer | undefined;

beforeEach(async () => {
  provider = await OidcProvider.start();
});
afterEach(() => {
  issuer?.close();
  provider.close();
});

function open(config: Partial<Issuer> = {}): TrustedIssuer {
  issuer = new TrustedIssuer(
    {
      name: 'corp',
      issuer: provider.issuer,
      jwksUri: undefined,
      algorithms: ['RS256'],
      audiences: [audience],
      roles: undefined,
      ...config,
    },
    log,
  );
  return issuer;
}
async function kindOf(token: string): Promise<string> {
  const verification = await issuer!.verify(token, clock);
  return verification === 'unavailable' ? verification : verification.kind;
}
const loaded = () => until('the keys to be there', () => issuer!.keys.isLoaded);

describe('keys', () => {
  test('are found by discovery, once for all who wait', async () => {
    open();
    const token = await provider.token();
    const kinds = await Promise.all(Array.from({ length: 20 }, () => kindOf(token)));
    assert.deepEqual(new Set(kinds), new Set(['valid']));
    assert.deepEqual(provider.asked, ['/.well-known/openid-configuration', '/keys']);
  });

  test('are fetched from jwks_uri where the file names it, without discovery', async () => {
    open({ jwksUri: `${provider.issuer}/keys` });
    assert.equal(await kindOf(await provider.token()), 'valid');
    assert.deepEqual(provider.asked, ['/keys']);
  });

  test('that are new are fetched by the first token that names one; strange kids make one fetch a cooldown', async () => {
    open();
    await loaded();
    provider.keys.push(newProviderKey('second'));
    assert.equal(await kindOf(await provider.token({ key: provider.keys[1]! })), 'valid');
    const fetches = provider.asked.length;
    for (let i = 0; i < 10; i++) {
      const strange = { ...provider.keys[0]!, kid: `strange-${i}` };
      assert.equal(await kindOf(await provider.token({ key: strange })), 'unknown_key');
    }
    assert.equal(provider.asked.length, fetches);
  });

  test('that are withdrawn are forgotten with the tokens they signed', async () => {
    open();
    const token = await provider.token();
    assert.equal(await kindOf(token), 'valid');
    assert.ok(issuer!.remembered(token, clock));
    provider.keys.splice(0, 1, newProviderKey('second'));
    assert.equal(await kindOf(await provider.token()), 'valid');
    assert.equal(issuer!.remembered(token, clock), undefined);
    assert.equal(await kindOf(token), 'unknown_key');
  });

  test('that were good stay, whatever a later answer brings', async () => {
    open();
    const token = await provider.token();
    assert.equal(await kindOf(token), 'valid');
    provider.misbehave = (_path, res) => {
      res.end('{"keys":[]}');
      return true;
    };
    assert.equal(await kindOf(await provider.token({ key: newProviderKey('other') })), 'unknown_key');
    assert.equal(await kindOf(token), 'valid');
  });
});

describe('without keys nothing can be told: unavailable', () => {
  const answers: Readonly<Record<string, (path: string, res: ServerResponse) => boolean>> = {
    'when discovery names another issuer': (path, res) => {
      if (path === '/keys') return false;
      res.end(JSON.stringify({ issuer: 'https://evil.test', jwks_uri: `${provider.issuer}/keys` }));
      return true;
    },
    'when discovery leads to plain http elsewhere': (path, res) => {
      if (path === '/keys') return false;
      res.end(JSON.stringify({ issuer: provider.issuer, jwks_uri: 'http://192.0.2.1/keys' }));
      return true;
    },
    'when the key set is behind a redirect': (path, res) => {
      if (path !== '/keys') return false;
      res.writeHead(302, { location: `${provider.issuer}/elsewhere` }).end();
      return true;
    },
    'when the key set has no end': (path, res) => {
      if (path !== '/keys') return false;
      res.end(`{"keys":[${'"x",'.repeat(100_000)}0]}`);
      return true;
    },
    'when the provider is down': (_path, res) => {
      res.writeHead(503).end();
      return true;
    },
  };
  for (const [when, misbehave] of Object.entries(answers)) {
    test(when, async () => {
      provider.misbehave = misbehave;
      open();
      assert.equal(await kindOf(await provider.token()), 'unavailable');
      assert.ok(!provider.asked.includes('/elsewhere'));
    });
  }
});

test('a remembered token is judged by its expiry each time', async () => {
  open();
  const token = await provider.token();
  assert.equal(await kindOf(token), 'valid');
  assert.ok(issuer!.remembered(token, clock));
  assert.equal(issuer!.remembered(token, { ...clock, nowMs: () => Date.now() + 306_000 }), undefined);
});

test('an issuer is asked over https, or on this machine', () => {
  for (const url of ['https://a.test/x', 'http://127.0.0.1:1/x', 'http://localhost/', 'http://[::1]:3/']) {
    assert.ok(isSafeUrl(url), url);
  }
  for (const url of [
    'http://a.test',
    'http://localhost.a.test',
    'http://127.0.0.1.a.test',
    'ftp://a',
    'https://u:p@a.test',
    'file:///etc/passwd',
    'x',
  ]) {
    assert.ok(!isSafeUrl(url), url);
  }
});
