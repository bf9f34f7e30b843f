// For tests: what must hold through any proxy before the gateway. The proxy really runs, with the sample
// configuration that the documentation shows.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, beforeEach, describe, test } from 'node:test';
import { RawClient } from '@pi-gateway/gateway/testing/raw-client.ts';
import { plainAnswer, RecordingUpstream } from '@pi-gateway/gateway/testing/recording-upstream.ts';
import { startTestGateway, type TestGateway } from '@pi-gateway/gateway/testing/start-test-gateway.ts';
import { assertProblem, exchange, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import type { RunningProxy } from './start-proxy.ts';

const routes = (origin: string) => `
services:
  shop: { targets: ["${origin}"] }
routes:
  - { path: /shop/*, service: shop }
  - { path: /shop/admin/*, service: shop, access: { roles: [admin] } }
`;

/** Declares the tests. */
export function describeInFront(name: string, start: (gateway: string) => Promise<RunningProxy>): void {
  let upstream: RecordingUpstream;
  let t: TestGateway;
  let proxy: RunningProxy;
  let user: string;
  before(async () => {
    upstream = await RecordingUpstream.start();
    t = await startTestGateway(routes(upstream.origin), { TRUSTED_PROXIES: '127.0.0.0/8' });
    user = await t.auth.token();
    proxy = await start(t.gateway.url);
  });
  after(async () => {
    await proxy?.stop();
    await t?.close();
    upstream?.close();
  });
  beforeEach(() => {
    upstream.requests.length = 0;
    upstream.respond = () => plainAnswer;
  });

  const ask = async (line: string, lines: readonly string[] = [], body = '') => {
    const head = [`${line} HTTP/1.1`, 'Host: shop.example', 'Connection: close', ...lines];
    if (body !== '') head.push(`Content-Length: ${body.length}`);
    const [answer] = readAnswers(await exchange(proxy.port, `${head.join('\r\n')}\r\n\r\n${body}`));
    assert.ok(answer);
    return answer;
  };

  describe(`${name} before the gateway:`, () => {
    test('the service is told who called, whatever the client says of itself', async () => {
      const forged = ['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-Host: evil', 'X-Forwarded-Proto: https'];
      forged.push(
        'X-User-Id: evil',
        'x_user_id: evil',
        'X-Pi-Identity: evil',
        'x_pi_identity: evil',
        'Forwarded: for=6.6.6.6',
        'X-Request-Id: evil-evil-evil',
      );
      const answer = await ask('POST /shop/x?y=1', [...forged, `Authorization: Bearer ${user}`], 'hello');
      assert.deepEqual([answer.status, answer.body], [200, 'ok']);
      assert.equal(upstream.requests[0]?.requestLine, 'POST /shop/x?y=1 HTTP/1.1');
      assert.deepEqual(upstream.values('x-forwarded-for'), ['127.0.0.1']);
      assert.deepEqual(upstream.values('x-forwarded-host'), ['shop.example']);
      assert.deepEqual(upstream.values('x-forwarded-proto'), ['http']);
      assert.equal(upstream.values('x-user-id').length, 1);
      assert.doesNotMatch(upstream.requests[0].head, /evil|6\.6\.6\.6/);
    });

    test('a refusal arrives as the gateway gave it', async () => {
      const none = await ask('GET /shop/x');
      assertProblem(none, 401, 'missing_token');
      assert.equal(none.headers['www-authenticate'], 'Bearer');
      for (const path of [
        '/shop/%61dmin/x',
        '/shop/x/../admin/x',
        '/shop//admin/x',
        '/shop/x/..%2fadmin/x',
      ]) {
        const { status } = await ask(`GET ${path}`, [`Authorization: Bearer ${user}`]);
        assert.ok([400, 403].includes(status), `${path}: ${status}`);
      }
      assert.equal(upstream.requests.length, 0);
    });

    test('a WebSocket works both ways', async () => {
      upstream.respond = ({ socket }) => {
        // HAProxy asks for the one right answer to the key (RFC 6455 section 1.3).
        const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
        const head = ['HTTP/1.1 101 Switching Protocols', 'connection: Upgrade', 'upgrade: websocket'];
        socket.write(`${head.join('\r\n')}\r\nsec-websocket-accept: ${accept}\r\n\r\n`);
        socket.pipe(socket);
      };
      const client = await RawClient.open(proxy.port);
      client.send(
        'GET /shop/live HTTP/1.1',
        'Host: shop.example',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        `Authorization: Bearer ${user}`,
      );
      await client.see(/^HTTP\/1\.1 101/);
      client.write('ping');
      await client.see(/ping$/);
      const closed = once(client.socket, 'close');
      client.close();
      await closed;
    });
  });
}
