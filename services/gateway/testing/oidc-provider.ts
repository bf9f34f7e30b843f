// For tests: another OpenID Connect provider on a real server, with keys of every algorithm and tokens signed by
// jose. It counts who asked for what and can be told to misbehave.

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type JWK, type JWTPayload, SignJWT } from 'jose';
import type { Algorithm } from '../issuers/algorithms.ts';

export type ProviderKey = {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly privateKey: KeyObject;
  readonly jwk: JWK;
};

export type ProviderToken = {
  readonly key?: ProviderKey;
  readonly claims?: JWTPayload;
  readonly header?: Readonly<Record<string, unknown>>;
};

export const audience = 'https://api.example.com';

export function newProviderKey(kid: string, alg: Algorithm = 'RS256'): ProviderKey {
  const { privateKey, publicKey } = makePair(alg);
  return { kid, alg, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } };
}

function makePair(alg: Algorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

export function signProviderToken(
  issuer: string,
  key: ProviderKey,
  options: ProviderToken = {},
): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, aud: audience, sub: 'carol', iat: nowSeconds - 10, exp: nowSeconds + 300 };
  return new SignJWT({ ...claims, ...options.claims })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...options.header })
    .sign(key.privateKey);
}

export class OidcProvider {
  readonly keys: ProviderKey[] = [newProviderKey('first')];
  /** Paths, in the order they were asked for. */
  readonly asked: string[] = [];
  /** Answers in place of the provider when it returns true. */
  misbehave: (path: string, res: ServerResponse) => boolean = () => false;
  readonly #server = createServer((req, res) => {
    const path = req.url!;
    this.asked.push(path);
    if (this.misbehave(path, res)) return;
    res.setHeader('content-type', 'application/json');
    if (path === '/.well-known/openid-configuration') {
      res.end(JSON.stringify({ issuer: this.issuer, jwks_uri: `${this.issuer}/keys` }));
    } else if (path === '/keys') {
      res.end(JSON.stringify({ keys: this.keys.map(({ jwk }) => jwk) }));
    } else res.writeHead(404).end();
  });

  static async start(): Promise<OidcProvider> {
    const provider = new OidcProvider();
    provider.#server.listen(0, '127.0.0.1');
    await once(provider.#server, 'listening');
    return provider;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  token(options: ProviderToken = {}): Promise<string> {
    return signProviderToken(this.issuer, options.key ?? this.keys[0]!, options);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
