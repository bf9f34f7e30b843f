import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { exchange, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import { gatewayOnUpstream } from '../testing/gateway-on-upstream.ts';

const setting = gatewayOnUpstream(
  (origin) => `
services:
  plain: { targets: ["${origin}"] }
  trusting: { targets: ["${origin}"], forward_token: true }
  auth: { targets: ["\${AUTH_URL}"] }
routes:
  - { path: /private/*, service: plain }
  - { path: /open/*, service: plain, access: public }
  - { path: /token/*, service: trusting }
  - { path: /auth/*, service: auth, access: public }
`,
);
let token: string;
beforeEach(async () => {
  token ??= await setting.t.auth.token();
});

async function get(path: string, ...lines: string[]): Promise<number> {
  const head = [`GET ${path} HTTP/1.1`, 'Host: api.example:8080', ...lines, 'Connection: close'];
  const [answer] = readAnswers(await exchange(setting.t.port, `${head.join('\r\n')}\r\n\r\n`));
  return answer!.status;
}

const set = [
  'x-user-id',
  'x-user-roles',
  'x-session-id',
  'x-request-id',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'traceparent',
];

describe('identity headers', () => {
  test('a service gets exactly one each of the headers that the gateway sets', async () => {
    assert.equal(await get('/private/x', `Authorization: Bearer ${token}`), 200);
    for (const name of set) assert.equal(setting.upstream.values(name).length, 1, name);
    assert.deepEqual(setting.upstream.values('x-user-roles'), ['user']);
    assert.deepEqual(setting.upstream.values('x-forwarded-for'), ['127.0.0.1']);
    assert.deepEqual(setting.upstream.values('x-forwarded-host'), ['api.example:8080']);
    assert.deepEqual(setting.upstream.values('x-forwarded-proto'), ['http']);
    assert.deepEqual(setting.upstream.values('host'), [`127.0.0.1:${setting.upstream.port}`]);
  });

  const names = [
    'user-id',
    'user-roles',
    'session-id',
    'request-id',
    'pi-gateway',
    'pi-call',
    'pi-revocations',
    'pi-identity',
    'pi-anything',
  ];
  for (const name of names) {
    test(`forged x-${name} in any spelling is gone, on open routes too`, async () => {
      const spellings = [
        `x-${name}`,
        `X-${name.toUpperCase()}`,
        `x_${name.replaceAll('-', '_')}`,
        `X.${name.replaceAll('-', '.')}`,
        `x-${name.replaceAll('-', '_')}`,
        // Without its dashes it is one of a closed set.
        ...(name === 'pi-anything' ? [] : [`X-${name.replaceAll('-', '')}`]),
        `x-${name}`,
      ];
      await get('/open/x', ...spellings.map((spelling) => `${spelling}: forged`));
      assert.equal(setting.upstream.requests.length, 1);
      assert.doesNotMatch(setting.upstream.received, /forged/i);
    });
  }

  test('a public route gets no identity, even with a valid token', async () => {
    await get('/open/x', `Authorization: Bearer ${token}`);
    for (const name of ['x-user-id', 'x-user-roles', 'x-session-id', 'authorization']) {
      assert.deepEqual(setting.upstream.values(name), [], name);
    }
  });

  test('Connection: x-user-id does not strip the identity that the gateway sets', async () => {
    await get(
      '/private/x',
      `Authorization: Bearer ${token}`,
      'Connection: x-user-id, x-user-roles, x-request-id, x-forwarded-for',
    );
    for (const name of set) assert.equal(setting.upstream.values(name).length, 1, name);
  });

  test('names that only look alike pass', async () => {
    await get('/open/x', 'x-pixel-ratio: 2', 'x-user-idea: y', 'x-picture: z');
    assert.deepEqual(setting.upstream.values('x-pixel-ratio'), ['2']);
    assert.deepEqual(setting.upstream.values('x-user-idea'), ['y']);
    assert.deepEqual(setting.upstream.values('x-picture'), ['z']);
  });

  test('the proof to auth goes to auth alone', async () => {
    await get('/auth/x');
    const names = setting.t.auth.forwarded.at(-1)!.map((name) => name.toLowerCase());
    assert.equal(names.filter((name) => name === 'x-pi-gateway').length, 1);
    assert.equal(names.includes('x-pi-call'), false);
    await get('/open/x');
    assert.deepEqual(setting.upstream.values('x-pi-gateway'), []);
  });
});

describe('forwarding headers', () => {
  test('those of a client are rebuilt, and all others removed', async () => {
    await get(
      '/open/x',
      'X-Forwarded-For: 9.9.9.9',
      'X_Forwarded_For: 9.9.9.9',
      'X-Forwarded-Host: evil.example',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Port: 99',
      'X-Forwarded-Prefix: /evil',
      'X-Forwarded-User: evil',
      'Forwarded: for=9.9.9.9',
      'X-Real-IP: 9.9.9.9',
      'X-Request-Id: aaaaaaaaaaaaaaaa',
      'traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01',
      'tracestate: evil=1',
    );
    assert.doesNotMatch(setting.upstream.received, /9\.9\.9\.9|evil|0123456789abcdef|aaaaaaaa/);
    const names = setting.upstream.requests[0]!.fields.map(([name]) => name);
    assert.deepEqual(names.filter((name) => name.startsWith('x-forwarded')).toSorted(), [
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-proto',
    ]);
  });

  test('headers that name another path or method do nothing', async () => {
    await get(
      '/open/x',
      'X-Original-URL: /private',
      'X-Rewrite-URL: /private',
      'X-HTTP-Method-Override: DELETE',
    );
    assert.equal(setting.upstream.requests[0]!.requestLine, 'GET /open/x HTTP/1.1');
    assert.doesNotMatch(setting.upstream.received, /private|DELETE/);
  });
});

describe('hop-by-hop headers', () => {
  test('those of the standard and those Connection lists are removed', async () => {
    await get(
      '/open/x',
      'Connection: keep-alive, X-Nearby',
      'X-Nearby: nearby',
      'Keep-Alive: timeout=99',
      'Proxy-Connection: nearby',
      'Proxy-Authorization: nearby',
      'TE: gzip',
      'Upgrade: h2c',
      'HTTP2-Settings: nearby',
      'X-End: end',
    );
    assert.doesNotMatch(setting.upstream.received, /nearby|timeout=99|gzip|h2c/i);
    assert.deepEqual(setting.upstream.values('x-end'), ['end']);
  });

  test('those that the list of a client behind our entry names are removed', async () => {
    await get('/open/x', 'X-Forwarded-Connection: close, X-Nearby', 'X-Nearby: nearby', 'X-End: end');
    assert.doesNotMatch(setting.upstream.received, /nearby|forwarded-connection/i);
    assert.deepEqual(setting.upstream.values('x-end'), ['end']);
  });

  test('a header named __proto__ is passed and crashes nothing', async () => {
    assert.equal(await get('/open/x', '__proto__: a', 'constructor: b', 'toString: c'), 200);
    assert.deepEqual(setting.upstream.values('__proto__'), ['a']);
    assert.deepEqual(setting.upstream.values('constructor'), ['b']);
  });
});

describe('authorization', () => {
  test('goes on only where the service says forward_token', async () => {
    await get('/private/x', `Authorization: Bearer ${token}`);
    assert.deepEqual(setting.upstream.values('authorization'), []);
    await get('/token/x', `Authorization: Bearer ${token}`);
    assert.deepEqual(setting.upstream.values('authorization'), [`Bearer ${token}`]);
  });

  test('cookies and repeated headers pass as they are, in their order', async () => {
    await get('/open/x', 'Cookie: a=b; c=d', 'X-Many: 1', 'X-Many: 2', 'X-Latin: caf\u00e9');
    assert.deepEqual(setting.upstream.values('cookie'), ['a=b; c=d']);
    assert.deepEqual(setting.upstream.values('x-many'), ['1', '2']);
    assert.deepEqual(setting.upstream.values('x-latin'), ['caf\u00e9']);
  });
});
