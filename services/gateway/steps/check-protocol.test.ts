import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertProblem } from '@pi-gateway/http-front/raw-exchange.ts';
import { gatewayOnUpstream } from '../testing/gateway-on-upstream.ts';

const setting = gatewayOnUpstream(
  (origin) => `
services:
  up: { targets: ["${origin}"] }
routes:
  - { path: /open/*, service: up, access: public }
  - { path: /private/*, service: up }
`,
);
const { ask } = setting;
const post = (path: string, type: string) =>
  ask(`POST ${path}`, `Content-Type: ${type}`, 'Content-Length: 0');

describe('gRPC', () => {
  for (const type of [
    'application/grpc',
    'application/grpc+proto',
    'Application/GRPC; charset=utf-8',
    'application/grpc ;x=y',
  ]) {
    test(`${type} is refused in the words of HTTP and of gRPC, and the service gets nothing`, async () => {
      const answer = await post('/open/orders.Orders/Get', type);
      assertProblem(answer, 501, 'not_implemented');
      assert.deepEqual(
        [answer.headers['grpc-status'], answer.headers['grpc-message']],
        ['12', 'gRPC does not go through the gateway'],
      );
      assert.equal(setting.upstream.requests.length, 0);
    });
  }

  test('a stranger is asked for his token first', async () => {
    assertProblem(await post('/private/orders.Orders/Get', 'application/grpc'), 401, 'missing_token');
  });
});

test('gRPC-Web goes through, its trailers in the body', async () => {
  const frames = '\u0000\u0000\u0000\u0000\u0002ok\u0080\u0000\u0000\u0000\u000egrpc-status:0\r\n';
  setting.upstream.respond = () =>
    `HTTP/1.1 200 OK\r\ncontent-type: application/grpc-web+proto\r\ntransfer-encoding: chunked\r\n\r\n${frames.length.toString(16)}\r\n${frames}\r\n0\r\n\r\n`;
  for (const type of ['application/grpc-web', 'application/grpc-web+proto', 'application/grpc-web-text']) {
    const answer = await post('/open/orders.Orders/Get', type);
    assert.deepEqual([answer.status, answer.headers['grpc-status']], [200, undefined]);
    assert.ok(answer.body.includes(frames), type);
  }
});

test('a type that only begins the same way is no gRPC', async () => {
  for (const type of ['application/grpcish', 'application/json', 'text/plain; x=application/grpc']) {
    assert.equal((await post('/open/x', type)).status, 200, type);
  }
});
