// For tests: what the gateway needs of auth (keys, revocations), on a real server, and the tokens to go with
// it, signed by jose as the real one does.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReportedRefusal } from '@pi-gateway/gateway-link/refusal-report.ts';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export const publicUrl = 'https://gateway.test';
export const masterKey = 'ab'.repeat(32);

type Key = { readonly kid: string; readonly privateKey: CryptoKey; readonly jwk: JWK };
type RevocationRow = { kind: 'session' | 'user' | 'key'; id: string; not_before: number; until: number };

type Report = { readonly batch: string; readonly refusals: readonly ReportedRefusal[] };

export type TokenOptions = {
  readonly role?: 'user' | 'admin';
  readonly sub?: string;
  readonly sid?: string;
  readonly lifeSeconds?: number;
  readonly key?: Key;
};

export class FakeAuth {
  readonly keys: Key[] = [];
  readonly revocations: RevocationRow[] = [];
  keyFetches = 0;
  /** Header lines of the forwarded requests, flat. */
  readonly forwarded: string[][] = [];
  /** Stand on the answers to forwarded requests. */
  readonly answerHeaders: Record<string, string> = {};
  /** The reports of refusals that came, one a request. */
  readonly reports: Report[] = [];
  /** While true, reports are heard and never answered. */
  isDeaf = false;
  /** While true, every answer is a 503. */
  isDown = false;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeAuth> {
    const server = createServer((req, res) => {
      if (auth.isDown) {
        res.writeHead(503).end();
      } else if (req.url === '/.well-known/jwks.json') {
        auth.keyFetches += 1;
        res.setHeader('content-type', 'application/json');
        res.end(JSON.stringify({ keys: auth.keys.map(({ jwk }) => jwk) }));
      } else if (req.url?.startsWith('/internal/revocations?since=') && req.headers['x-pi-call']) {
        res.end(JSON.stringify({ as_of: Date.now() * 1000, revocations: auth.revocations }));
      } else if (req.url === '/internal/refusals' && req.headers['x-pi-call']) {
        let body = '';
        req.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        req.on('end', () => {
          auth.reports.push(JSON.parse(body) as Report);
          if (!auth.isDeaf) res.writeHead(204).end();
        });
      } else {
        auth.forwarded.push(req.rawHeaders);
        res.writeHead(204, auth.answerHeaders).end();
      }
    });
    const auth = new FakeAuth(server);
    auth.keys.push(await newKey('first'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return auth;
  }

  /** What was reported, each batch once. */
  get refusals(): readonly ReportedRefusal[] {
    const batches = new Map(this.reports.map(({ batch, refusals }) => [batch, refusals]));
    return [...batches.values()].flat();
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async token(options: TokenOptions = {}): Promise<string> {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const key = options.key ?? this.keys[0]!;
    return new SignJWT({
      client_id: 'pi-gateway',
      sid: options.sid ?? uuidV7(Date.now() * 1000),
      roles: [options.role ?? 'user'],
      auth_time: nowSeconds,
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: key.kid })
      .setIssuer(publicUrl)
      .setAudience(publicUrl)
      .setSubject(options.sub ?? uuidV7(Date.now() * 1000))
      .setJti(uuidV7(Date.now() * 1000))
      .setIssuedAt(nowSeconds - 10)
      .setExpirationTime(nowSeconds + (options.lifeSeconds ?? 300))
      .sign(key.privateKey);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

export async function newKey(kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } };
}
