// Whatever a client writes around its request, its attempts come out of one bucket: forged forwarding headers, other
// spellings of the path, other methods, query keys. Sent through the gateway and to auth itself, from one address. What
// is not evaluated at all evades nothing; what is evaluated is counted, and with it the bucket is empty.

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { startTestAuth, type TestAuth } from '@pi-gateway/auth/testing/start-test-auth.ts';
import { createTestDatabase } from '../../launch/testing/test-database.ts';
import { startRealGateway } from './start-real-gateway.ts';

const perIp = 5;
const routes = `
  - { path: /api/auth/login, methods: [POST], service: auth, strip_prefix: /api, access: public }
  - { path: /api/*, service: auth, strip_prefix: /api, access: authenticated }`;

let auth: TestAuth;
let gateway: { readonly url: string; close(): Promise<void> };
async function start(): Promise<void> {
  const { url } = await createTestDatabase();
  auth = await startTestAuth(url, { RATE_LIMIT_LOGIN_PER_IP: `${perIp}/86400` });
  gateway = await startRealGateway(auth, routes);
}
async function stop(): Promise<void> {
  await gateway.close();
  await auth.close();
}

type Attempt = {
  readonly method?: string;
  /** As it is sent, without any normalisation. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

let sent = 0;

/** The code of the refusal of a wrong login, each at an account of its own. */
function attempt(base: string, { method = 'POST', path, headers = {} }: Attempt): Promise<string> {
  sent += 1;
  const body = JSON.stringify({ email: `victim${sent}@example.com`, password: 'Password2026' });
  const { hostname, port } = new URL(base);
  const length = { 'content-type': 'application/json', 'content-length': String(body.length) };
  const options = { host: hostname, port, method, path, headers: { ...length, ...headers }, agent: false };
  return new Promise((resolve, reject) => {
    const asked = request(options, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.once('end', () => resolve((JSON.parse(text) as { code: string }).code));
    });
    asked.once('error', reject).end(body);
  });
}

const ways = [
  { name: 'through the gateway', base: () => gateway.url, path: '/api/auth/login' },
  { name: 'at auth itself', base: () => auth.url, path: '/auth/login' },
];

for (const { name, base, path } of ways) {
  describe(name, () => {
    before(start);
    after(stop);

    /** All attempts, then a plain one: how many were evaluated. */
    async function countEvaluated(attempts: readonly Attempt[]): Promise<number> {
      const codes: string[] = [];
      for (const one of attempts) codes.push(await attempt(base(), { path, ...one }));
      assert.equal(await attempt(base(), { path }), 'rate_limited');
      return codes.filter((code) => code === 'invalid_credentials').length;
    }

    test('forged forwarding headers, other paths, methods and keys are no way around the limit of an address', async () => {
      const forged = [
        'x-forwarded-for',
        'X-Forwarded-For',
        'forwarded',
        'x-real-ip',
        'x-client-ip',
        'true-client-ip',
        'cf-connecting-ip',
        'x-cluster-client-ip',
        'x-original-forwarded-for',
        'x_forwarded_for',
      ].map((header, i) => ({
        headers: { [header]: header === 'forwarded' ? `for=198.51.100.${i}` : `198.51.100.${i}` },
      }));
      const paths = [
        `/${path}`,
        `${path}/`,
        `${path}?`,
        `${path}?x=1`,
        `${path};x=1`,
        `${path}#x`,
        `${path}%20`,
        `${path}%00`,
        path.toUpperCase(),
        path.replace('login', 'Login'),
        path.replace('auth', '%61uth'),
        path.replace('/auth', '//auth'),
        path.replace('/auth', '/./auth'),
        path.replace('/auth', '/x/../auth'),
        path.replace('/auth', '/%2e/auth'),
        path.replace('/auth/', '/auth%2f'),
        path.replaceAll('/', '\\'),
        `http://localhost${path}`,
        `http://elsewhere.example${path}`,
      ].map((spelling) => ({ path: spelling }));
      const methods = ['post', 'PUT', 'PATCH', 'DELETE', 'QUERY'].map((method) => ({ method }));
      const overrides = [
        { method: 'PUT', headers: { 'x-http-method-override': 'POST' } },
        { path: '/', headers: { 'x-original-url': path } },
        { path: '/', headers: { 'x-rewrite-url': path } },
        { headers: { host: 'elsewhere.example' } },
      ];
      const evaluated = await countEvaluated([...forged, ...paths, ...methods, ...overrides]);
      assert.equal(evaluated, perIp);
    });
  });
}
