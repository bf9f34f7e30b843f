import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import { exchange, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import schema from '../gateway.schema.json' with { type: 'json' };
import { checkGatewayConfig } from '../routing/check-config.ts';
import { corsKeys } from '../routing/read-cors.ts';
import { plainAnswer, RecordingUpstream } from '../testing/recording-upstream.ts';
import { startTestGateway, type TestGateway } from '../testing/start-test-gateway.ts';

const app = 'https://app.example.com';
let upstream: RecordingUpstream;
let t: TestGateway;
let token: string;

const yaml = (origins = `[${app}, "http://localhost:3000"]`) => `
services:
  up: { targets: ["${upstream.origin}"] }
routes:
  - path: /api/*
    methods: [GET, PUT]
    service: up
    cors: { origins: ${origins}, credentials: true, max_age_seconds: 60, headers: [Authorization, X-Thing] }
  - { path: /api/*, methods: [DELETE], service: up }
  - { path: /open/*, service: up, access: public, cors: { origins: ["*"], expose_headers: [] } }
  - { path: /own/*, service: up, access: public }
  - { path: /gone/*, service: gone, access: public, cors: { origins: [${app}] } }
`;
const withGone = (text: string) =>
  text.replace('services:', 'services:\n  gone: { targets: ["http://127.0.0.1:9"] }');

before(async () => {
  upstream = await RecordingUpstream.start();
  t = await startTestGateway(withGone(yaml()));
  token = await t.auth.token();
});
after(async () => {
  await t.close();
  upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
  upstream.respond = () => plainAnswer;
});

const preflight = (path: string, origin: string, method = 'PUT', more: Record<string, string> = {}) =>
  fetch(`${t.gateway.url}${path}`, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': method, ...more },
  });
const corsOf = (answer: Response) =>
  Object.fromEntries([...answer.headers].filter(([name]) => /^(?:access-control-|vary$)/.test(name)));

describe('a preflight', () => {
  test('of an allowed origin is answered without a token, by the file, and the service gets nothing', async () => {
    const answer = await preflight('/api/x', app, 'PUT', {
      'access-control-request-headers': 'x-thing,authorization',
    });
    assert.equal(answer.status, 204);
    assert.deepEqual(corsOf(answer), {
      'access-control-allow-origin': app,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': 'authorization, x-thing',
      'access-control-max-age': '60',
      vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    });
    assert.ok(answer.headers.get('x-request-id'));
    assert.equal(upstream.requests.length, 0);
  });

  for (const origin of [
    'null',
    'https://app.example.com.evil.test',
    'https://evil-app.example.com',
    'https://sub.app.example.com',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com/',
    'https://APP.example.com',
    'https://app.example.com https://evil.test',
    'http://localhost',
  ]) {
    test(`of the origin ${origin} is allowed nothing`, async () => {
      const answer = await preflight('/api/x', origin);
      assert.equal(answer.status, 204);
      assert.deepEqual(Object.keys(corsOf(answer)), ['vary']);
      assert.equal(upstream.requests.length, 0);
    });
  }

  test('for a header or a method that is not named is allowed nothing', async () => {
    const header = await preflight('/api/x', app, 'GET', {
      'access-control-request-headers': 'x-thing, x-other',
    });
    assert.deepEqual(Object.keys(corsOf(header)), ['vary']);
    const method = await preflight('/api/x', app, 'get');
    assert.notEqual(method.status, 204);
  });

  test('is judged by the route of the method it asks for: one without cors is asked as any OPTIONS', async () => {
    const answer = await preflight('/api/x', app, 'DELETE');
    assert.equal(answer.status, 405);
    assert.equal((await preflight('/own/x', app)).status, 200);
    assert.equal(upstream.requests.length, 1);
  });

  test('with two Origin headers is none', async () => {
    const lines = ['OPTIONS /api/x HTTP/1.1', 'Host: a', `Origin: ${app}`, 'Origin: https://evil.test'];
    lines.push('Access-Control-Request-Method: PUT', 'Connection: close');
    const [answer] = readAnswers(await exchange(t.port, `${lines.join('\r\n')}\r\n\r\n`));
    assert.equal(answer!.status, 405);
    assert.equal(answer!.headers['access-control-allow-origin'], undefined);
  });
});

describe('an answer', () => {
  const get = (path: string, origin?: string, authorization = `Bearer ${token}`) =>
    fetch(`${t.gateway.url}${path}`, {
      headers: { ...(origin === undefined ? {} : { origin }), authorization },
    });

  test('names the one origin, varies by it, and the service’s own CORS headers are gone', async () => {
    upstream.respond = () =>
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nAccess-Control-Allow-Origin: *\r\nvary: Accept\r\n' +
      'ACCESS-CONTROL-ALLOW-METHODS: *\r\naccess-control-allow-credentials: true\r\n\r\nok';
    assert.deepEqual(corsOf(await get('/api/x', app)), {
      'access-control-allow-origin': app,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-request-id, retry-after, ratelimit, ratelimit-policy',
      vary: 'Accept, Origin',
    });
    for (const origin of ['https://evil.test', 'null', undefined]) {
      assert.deepEqual(corsOf(await get('/api/x', origin)), { vary: 'Accept, Origin' });
    }
    assert.equal((await get('/own/x', app)).headers.get('access-control-allow-origin'), '*');
  });

  test('to any origin says * and never credentials', async () => {
    assert.deepEqual(corsOf(await get('/open/x', 'https://any.test')), {
      'access-control-allow-origin': '*',
    });
  });

  test('that refuses can be read by an allowed origin, and by no other', async () => {
    const refused = await get('/api/x', app, 'Bearer rubbish');
    assert.deepEqual([refused.status, refused.headers.get('access-control-allow-origin')], [401, app]);
    const gone = await get('/gone/x', app);
    assert.deepEqual([gone.status, gone.headers.get('access-control-allow-origin')], [502, app]);
    const stranger = await get('/api/x', 'https://evil.test', 'Bearer rubbish');
    assert.deepEqual(corsOf(stranger), { vary: 'Origin' });
  });
});

describe('at load', () => {
  const errors = (cors: string) => {
    const path = `${t.folder}/cors.yaml`;
    writeFileSync(
      path,
      `services: { a: { targets: ["http://127.0.0.1:1"] } }\nroutes:\n  - { path: /a, service: a, cors: ${cors} }\n`,
    );
    const checked = checkGatewayConfig(path, {});
    return checked.kind === 'valid' ? [] : checked.errors.map((line) => line.slice(path.length));
  };

  test('credentials for every site are refused', () => {
    assert.match(
      errors('{ origins: ["*"], credentials: true }').join(),
      /^:3:\d+: origins: \* with credentials/,
    );
    assert.match(errors('{ origins: ["*", "https://a.test"] }').join(), /stands alone/);
  });

  test('null, patterns, suffixes, paths and other spellings are no origins', () => {
    for (const origin of [
      'null',
      '.example.com',
      'https://*.example.com',
      'https://a.test/',
      'https://a.test/x',
      'https://A.test',
      'https://a.test:443',
      'a.test',
      'https://',
      'https://u@a.test',
      'https://a.test?x',
      'custom://*',
    ]) {
      assert.match(errors(`{ origins: ["${origin}"] }`).join(), /is no origin/, origin);
    }
    for (const origin of [
      'https://a.test:8443',
      'http://localhost:3000',
      'capacitor://localhost',
      'http://[::1]:3000',
    ]) {
      assert.deepEqual(errors(`{ origins: ["${origin}"] }`), [], origin);
    }
  });

  test('cors without origins, unknown keys and * as a header are refused', () => {
    assert.match(errors('{ credentials: true }').join(), /cors needs origins/);
    assert.match(errors('{ origin: [https://a.test], origins: [] }').join(), /did you mean "origins"/);
    assert.match(errors('{ origins: [https://a.test], headers: ["*"] }').join(), /name each one/);
    assert.match(errors('{ origins: [https://a.test], max_age_seconds: 86401 }').join(), /max_age_seconds/);
  });

  test('the schema for editors knows the same keys', () => {
    assert.deepEqual(Object.keys(schema.$defs.cors.properties), [...corsKeys]);
  });

  test('an origin that is taken away is no longer allowed after the reload', async () => {
    writeFileSync(t.configPath, withGone(yaml('["http://localhost:3000"]')));
    assert.equal(t.gateway.reload().kind, 'applied');
    assert.deepEqual(Object.keys(corsOf(await preflight('/api/x', app))), ['vary']);
  });
});
