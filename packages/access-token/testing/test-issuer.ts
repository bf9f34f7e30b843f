// For tests: an issuer on a real server. It serves its key set, counts who asked for it, and signs tokens with
// jose, as auth does.

import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { type JWK, SignJWT } from 'jose';

type TestKey = {
  readonly kid: string;
  /** ES256 when not given. */
  readonly alg?: string;
  readonly privateKey: KeyObject;
  readonly jwk: JWK;
};

export type TestTokenOptions = {
  readonly sub?: string;
  readonly aud?: string;
  readonly role?: 'user' | 'admin';
  readonly key?: TestKey;
  /** From now; negative: over already. */
  readonly lifeSeconds?: number;
};

export type TestIssuer = {
  /** The URL it is served under, and what tokens name as `iss`. */
  readonly issuer: string;
  readonly keys: TestKey[];
  /** While true, every answer is a 503. */
  isDown: boolean;
  readonly keyFetches: () => number;
  token(options?: TestTokenOptions): Promise<string>;
  close(): void;
};

export function newTestKey(kid: string): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' } };
}

export async function startTestIssuer(): Promise<TestIssuer> {
  let keyFetches = 0;
  const server = createServer((req, res) => {
    if (req.url === '/.well-known/jwks.json') keyFetches += 1;
    if (self.isDown || req.url !== '/.well-known/jwks.json') {
      res.writeHead(self.isDown ? 503 : 404).end();
      return;
    }
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ keys: self.keys.map(({ jwk }) => jwk) }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const self: TestIssuer = {
    issuer,
    keys: [newTestKey('key-1')],
    isDown: false,
    keyFetches: () => keyFetches,
    token: (options = {}) => signTestToken(issuer, options.key ?? self.keys[0]!, options),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return self;
}

function signTestToken(issuer: string, key: TestKey, options: TestTokenOptions): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const id = () => uuidV7(Date.now() * 1000);
  const expiresAt = nowSeconds + (options.lifeSeconds ?? 300);
  const issuedAt = Math.min(nowSeconds, expiresAt) - 60;
  return new SignJWT({
    client_id: 'pi-gateway',
    sid: id(),
    roles: [options.role ?? 'user'],
    auth_time: issuedAt,
  })
    .setProtectedHeader({ alg: key.alg ?? 'ES256', typ: 'at+jwt', kid: key.kid })
    .setIssuer(issuer)
    .setAudience(options.aud ?? issuer)
    .setSubject(options.sub ?? id())
    .setJti(id())
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .sign(key.privateKey);
}

/** One token for each way to be refused, of a verifier that takes the issuer's own tokens, by what is wrong. */
export async function signRefusedTokens(auth: TestIssuer): Promise<Readonly<Record<string, string>>> {
  const [ours] = auth.keys;
  const { kid = '', jwk } = ours ?? {};
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const publicAsSecret = createSecretKey(JSON.stringify(jwk), 'utf8');
  const [header, payload] = (await auth.token()).split('.');
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt', kid })).toString('base64url');
  return {
    expired: await auth.token({ lifeSeconds: -60 }),
    'wrong audience': await auth.token({ aud: 'https://another.example.com' }),
    'unknown kid': await auth.token({ key: newTestKey('unknown') }),
    'another key under our kid': await auth.token({ key: newTestKey(kid) }),
    RS256: await auth.token({ key: { kid, alg: 'RS256', privateKey: rsa, jwk: {} } }),
    'HS256 with the public key as the secret': await auth.token({
      key: { kid, alg: 'HS256', privateKey: publicAsSecret, jwk: {} },
    }),
    'alg none': `${none}.${payload}.`,
    'no signature': `${header}.${payload}.`,
    'no token at all': 'rubbish',
  };
}
