import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type Answer, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import { RawClient } from '../testing/raw-client.ts';
import { RecordingUpstream } from '../testing/recording-upstream.ts';
import { startTestGateway, type TestGateway, until } from '../testing/start-test-gateway.ts';

let upstream: RecordingUpstream;
let t: TestGateway;

const routes = (origin: string) => `
services:
  up: { targets: ["${origin}"] }
routes:
  - { host: shop.test, path: /*, service: up, rewrite: /shop/*, access: public }
  - { host: shop.test, path: /admin/*, service: up, rewrite: /shop-admin/*, access: { roles: [admin] } }
  - { host: "*.tenant.test", path: "/t/{id}/*", service: up, rewrite: "/tenant/{id}/*", access: public }
`;
const forAllHosts = `
  - { path: /a/*, service: up, rewrite: /any/*, access: public }
  - { path: /a/*, service: up, rewrite: /get/*, methods: [GET], access: public }
  - { path: /a/*, service: up, rewrite: /beta/*, methods: [GET], headers: { x-version: beta }, access: public }
  - { path: /only/*, service: up, methods: [GET], headers: { x-key: "*" }, access: public }
  - { path: "/f/{name}", service: up, rewrite: "/files/{name}", methods: [GET], encoded_slashes: pass, access: public }
  - { path: "/f/{name}", service: up, access: public }
`;

before(async () => {
  upstream = await RecordingUpstream.start();
  t = await startTestGateway(routes(upstream.origin) + forAllHosts, { TRUSTED_PROXIES: '127.0.0.9' });
});
after(async () => {
  await t.close();
  upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
});

async function ask(line: string, host: string, ...fields: string[]): Promise<Answer> {
  const client = await RawClient.open(t.port);
  client.send(`${line} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...fields);
  await client.closed();
  const [answer] = readAnswers(client.received);
  assert.ok(answer, client.received);
  return answer;
}

const forwarded = () => upstream.requests.map(({ requestLine }) => requestLine.split(' ')[1]);

describe('host', () => {
  test('picks the route in any spelling, and the service is told it as it was written', async () => {
    for (const host of ['shop.test', 'SHOP.Test', 'shop.test.', 'shop.test:8080', 'Shop.TEST.:1']) {
      upstream.requests.length = 0;
      assert.equal((await ask('GET /a/b', host)).status, 200);
      assert.deepEqual([forwarded(), upstream.values('x-forwarded-host')], [['/shop/a/b'], [host]]);
    }
  });

  test('in any spelling keeps what its routes ask for', async () => {
    for (const host of ['shop.test', 'SHOP.test.', 'shop.test:81']) {
      assert.equal((await ask('GET /admin/x', host)).status, 401);
    }
    assert.deepEqual(forwarded(), []);
  });

  test('unknown, has the routes for all hosts and no others', async () => {
    for (const host of [
      'evil.test',
      'shop.test.evil.test',
      'xshop.test',
      'tenant.test',
      '127.0.0.1',
      '[::1]',
    ]) {
      upstream.requests.length = 0;
      assert.equal((await ask('GET /a/b', host)).status, 200);
      assert.deepEqual(forwarded(), ['/get/b']);
      assert.equal((await ask('GET /admin/x', host)).status, 404);
      assert.equal((await ask('GET /t/1/x', host)).status, 404);
    }
  });

  test('by a wildcard is any name below it, and its own routes come before those for all', async () => {
    assert.equal((await ask('GET /t/1/x', 'a.tenant.test')).status, 200);
    assert.equal((await ask('GET /t/2/', 'b.a.tenant.test')).status, 200);
    assert.equal((await ask('GET /a/x', 'a.tenant.test')).status, 200);
    assert.deepEqual(forwarded(), ['/tenant/1/x', '/tenant/2/', '/get/x']);
  });

  test('of a forwarding header is a stranger\u2019s word', async () => {
    await ask('GET /admin/x', 'shop.test', 'X-Forwarded-Host: evil.test');
    await ask('GET /a/b', 'evil.test', 'X-Forwarded-Host: shop.test', 'Forwarded: host=shop.test');
    assert.deepEqual(forwarded(), ['/get/b']);
  });

  test('is what a trusted proxy says the client asked for', async () => {
    const proxied = await startTestGateway(routes(upstream.origin) + forAllHosts, {
      TRUSTED_PROXIES: '127.0.0.1',
    });
    try {
      const client = await RawClient.open(proxied.port);
      client.send('GET /a/b HTTP/1.1', 'Host: inner', 'X-Forwarded-Host: Shop.test', 'Connection: close');
      await client.see(/200 OK/);
      assert.deepEqual(forwarded(), ['/shop/a/b']);
    } finally {
      await proxied.close();
    }
  });

  test('that no route is for is a 421; what the gateway answers itself is there for all', async () => {
    const named = await startTestGateway(routes(upstream.origin));
    const statuses = async (host: string) => {
      const client = await RawClient.open(named.port);
      client.send('GET /x HTTP/1.1', `Host: ${host}`);
      client.send('GET /livez HTTP/1.1', `Host: ${host}`);
      client.send('GET /openapi.json HTTP/1.1', `Host: ${host}`, 'Connection: close');
      await client.closed();
      return readAnswers(client.received).map(({ status }) => status);
    };
    try {
      assert.deepEqual(await statuses('evil.test'), [421, 200, 204]);
      assert.deepEqual(await statuses('a.tenant.test'), [404, 200, 204]);
    } finally {
      await named.close();
    }
  });

  test('and path stand in the log and the metrics', async () => {
    const answer = await ask('GET /admin/x', 'SHOP.test');
    const id = answer.headers['x-request-id']!;
    await until('the line', () => readFileSync(t.accessLogPath, 'utf8').includes(id));
    const line = readFileSync(t.accessLogPath, 'utf8')
      .split('\n')
      .find((one) => one.includes(id))!;
    assert.equal((JSON.parse(line) as { route: string }).route, 'shop.test/admin/*');
  });
});

describe('method and headers', () => {
  test('a named method goes before all, a header before none', async () => {
    await ask('GET /a/1', 'x');
    await fetch(`${t.gateway.url}/a/2`, { method: 'HEAD' });
    await ask('DELETE /a/3', 'x');
    await ask('GET /a/4', 'x', 'X-Version: beta');
    await ask('DELETE /a/5', 'x', 'X-Version: beta');
    assert.deepEqual(forwarded(), ['/get/1', '/get/2', '/any/3', '/beta/4', '/any/5']);
  });

  test('a header that Connection takes away decides nothing, for the service does not get it', async () => {
    await ask('GET /a/1', 'x', 'X-Version: beta', 'Connection: x-version');
    await ask('GET /a/2', 'x', 'X-Version: beta', 'X-Version: beta');
    assert.deepEqual(forwarded(), ['/get/1', '/get/2']);
  });

  test('a header that is not met is a 404, a method that is not there a 405, and neither leads elsewhere', async () => {
    assert.equal((await ask('GET /only/x', 'x')).status, 404);
    assert.equal((await ask('POST /only/x', 'x')).status, 404);
    const answer = await ask('POST /only/x', 'x', 'X-Key: 1');
    assert.deepEqual([answer.status, answer.headers['allow']], [405, 'GET, HEAD']);
    assert.equal((await ask('GET /only/x', 'x', 'X-Key: anything')).status, 200);
  });
});

test('an encoded slash passes on the route that says so, and stays in its segment', async () => {
  assert.equal((await ask('GET /f/a%2fb', 'x')).status, 200);
  assert.equal((await ask('POST /f/a%2Fb', 'x')).status, 400);
  assert.equal((await ask('GET /f/..%2fb', 'x')).status, 400);
  assert.equal((await ask('TRACE /f/a%2fb', 'x')).status, 400);
  assert.deepEqual(forwarded(), ['/files/a%2Fb']);
});

test('/verify decides by the host that was asked for', async () => {
  const original = (host: string) =>
    ask('GET /verify', host, 'X-Original-URI: /admin/x', 'X-Original-Method: GET');
  assert.equal((await original('shop.test')).status, 401);
  assert.equal((await original('SHOP.test.:80')).status, 401);
  assert.equal((await original('evil.test')).status, 403);
});
