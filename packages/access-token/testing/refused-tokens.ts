// For tests of whoever verifies: one token for each way to be refused, so that the package, the gateway, auth and
// the examples are all asked the same.

import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { newTestKey, signTestToken, type TestKey } from './test-issuer.ts';

/**
 * Tokens that a verifier of this issuer, which knows this key, has to refuse; by what is wrong with each.
 * `elsewhere` is the URL that some of them name; nobody may ask there.
 */
export async function signRefusedTokens(
  issuer: string,
  key: TestKey,
  elsewhere = 'http://127.0.0.1:9',
): Promise<Readonly<Record<string, string>>> {
  const { kid, jwk } = key;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const publicAsSecret = createSecretKey(JSON.stringify(jwk), 'utf8');
  const own = newTestKey(kid);
  const good = await signTestToken(issuer, key);
  const [header, payload, signature] = good.split('.');
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt', kid })).toString('base64url');
  const withHeader = (extra: Readonly<Record<string, unknown>>, by = key) =>
    signTestToken(issuer, by, { header: extra });
  return {
    expired: await signTestToken(issuer, key, { lifeSeconds: -60 }),
    'wrong audience': await signTestToken(issuer, key, { aud: 'https://another.example.com' }),
    'another issuer': await signTestToken('https://another.example.com', key, { aud: issuer }),
    'unknown kid': await signTestToken(issuer, newTestKey('unknown')),
    'another key under our kid': await signTestToken(issuer, own),
    'its own key in the header': await withHeader({ jwk: own.jwk }, own),
    'a key set of its own': await withHeader({ jku: `${elsewhere}/jku` }, own),
    'a certificate of its own': await withHeader({ x5u: `${elsewhere}/x5u` }, own),
    'a kid that is a path': await withHeader({ kid: '../../../../etc/passwd' }),
    'typ of another token': await withHeader({ typ: 'JWT' }),
    RS256: await signTestToken(issuer, { kid, alg: 'RS256', privateKey: rsa, jwk: {} }),
    'HS256 with the public key as the secret': await signTestToken(issuer, {
      kid,
      alg: 'HS256',
      privateKey: publicAsSecret,
      jwk: {},
    }),
    'alg none': `${none}.${payload}.`,
    'alg none with a signature': `${none}.${payload}.${signature}`,
    'no signature': `${header}.${payload}.`,
    'another payload': `${header}.${(await signTestToken(issuer, key, { role: 'admin' })).split('.')[1]}.${signature}`,
    '8 KiB': `${good}${'A'.repeat(8192 - good.length)}`,
    'a refresh token': `pir_${Buffer.alloc(90, 7).toString('base64url')}`,
    'no token at all': 'rubbish',
  };
}
