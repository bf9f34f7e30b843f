import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { exchange, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import { loggedExchange } from '../testing/logged-exchange.ts';
import { secondLoopback } from '../testing/second-loopback.ts';
import { startTestGateway, until } from '../testing/start-test-gateway.ts';

async function listen(host: string, port = 0): Promise<Server> {
  const server = createServer((_req, res) => res.end(host)).listen(port, host);
  await once(server, 'listening');
  return server;
}

test('a service that moves to another address is followed, and no request fails on the way', async () => {
  const [first, second] = ['127.0.0.1', await secondLoopback()];
  const before = await listen(first);
  const { port } = before.address() as AddressInfo;
  let addresses = [first];
  const t = await startTestGateway(
    `services:
  orders: { targets: ["http://orders.internal:${port}"], dns_refresh_ms: 100 }
routes:
  - { path: /orders, service: orders, access: public }
`,
    {},
    { lookUp: () => Promise.resolve(addresses) },
  );
  const ask = async () => {
    const bytes = await exchange(t.port, 'GET /orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const answer = readAnswers(bytes)[0]!;
    assert.equal(answer.status, 200, answer.body);
    return answer;
  };
  // The name means nothing to this machine, so that only the resolver of the test can have led there.
  await until('the name is looked up', async () => {
    const bytes = await exchange(t.port, 'GET /orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    return readAnswers(bytes)[0]!.status === 200;
  });
  assert.equal((await ask()).body, first);

  const now = await listen(second, port);
  addresses = [second];
  const moved = await until('it is followed', async () => {
    const answer = await ask();
    return answer.body === second ? answer : undefined;
  });
  const { target, address } = await loggedExchange(t.accessLogPath, moved);
  assert.deepEqual([target, address], [`http://orders.internal:${port}`, second]);
  before.close();
  before.closeAllConnections();
  for (let i = 0; i < 5; i++) assert.equal((await ask()).body, second);
  await t.close();
  now.close();
});
