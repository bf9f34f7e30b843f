// For tests: an issuer on a real server. It serves its key set, counts who asked for it, and signs tokens with
// jose, as auth does.

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { type CryptoKey, type JWK, SignJWT } from 'jose';

export type TestKey = {
  readonly kid: string;
  /** ES256 when not given. */
  readonly alg?: string;
  readonly privateKey: KeyObject | CryptoKey;
  readonly jwk: JWK;
};

export type TestTokenOptions = {
  readonly sub?: string;
  readonly aud?: string;
  readonly role?: 'user' | 'admin';
  readonly key?: TestKey;
  /** From now; negative: over already. */
  readonly lifeSeconds?: number;
  /** Further members of the header. */
  readonly header?: Readonly<Record<string, unknown>>;
};

export type TestIssuer = {
  /** The URL it is served under, and what tokens name as `iss`. */
  readonly issuer: string;
  readonly keys: TestKey[];
  /** While true, every answer is a 503. */
  isDown: boolean;
  readonly keyFetches: () => number;
  /** What was asked for beside the key set. */
  readonly strayRequests: string[];
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
    else self.strayRequests.push(String(req.url));
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
    strayRequests: [],
    keyFetches: () => keyFetches,
    token: (options = {}) => signTestToken(issuer, options.key ?? self.keys[0]!, options),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return self;
}

export function signTestToken(issuer: string, key: TestKey, options: TestTokenOptions = {}): Promise<string> {
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
    .setProtectedHeader({ alg: key.alg ?? 'ES256', typ: 'at+jwt', kid: key.kid, ...options.header })
    .setIssuer(issuer)
    .setAudience(options.aud ?? issuer)
    .setSubject(options.sub ?? id())
    .setJti(id())
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .sign(key.privateKey);
}
