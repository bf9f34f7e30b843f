import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { type Answer, assertProblem, exchange, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import { loggedExchange } from '../testing/logged-exchange.ts';
import { RawClient } from '../testing/raw-client.ts';
import { startTestGateway, type TestGateway, until } from '../testing/start-test-gateway.ts';
import { originOf, readPlace } from './place.ts';

const folder = mkdtempSync(join(tmpdir(), 'pi-unix-'));
const socketPath = join(folder, 'orders.sock');
const [first, second] = [join(folder, 'first.sock'), join(folder, 'second.sock')];
let server: Server;
let seen: string[] = [];
let t: TestGateway;

async function serve(path: string): Promise<Server> {
  const created = createServer((req, res) => {
    seen.push(`${req.method} ${req.url} ${req.headers.host}`);
    if (req.url === '/cut') req.socket.destroy();
    else req.pipe(res.writeHead(200, { server: path }));
  });
  created.on('upgrade', (_req, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.pipe(socket);
  });
  created.listen(path);
  await once(created, 'listening');
  return created;
}

function stop(served: Server): void {
  served.close();
  served.closeAllConnections();
}

before(async () => {
  server = await serve(socketPath);
  t = await startTestGateway(`
services:
  orders: { targets: ["http+unix:${socketPath}"] }
  gone: { targets: ["http+unix:${folder}/gone.sock"] }
  pair: { targets: ["http+unix://${first}", "http+unix:${second}"], health: { path: /health, interval_ms: 100 } }
routes:
  - { path: /orders/*, service: orders, access: public, strip_prefix: /orders }
  - { path: /gone, service: gone, access: public }
  - { path: /pair, service: pair, access: public }
`);
});
after(async () => {
  await t.close();
  stop(server);
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  seen = [];
});

async function ask(requestLine: string, body = ''): Promise<Answer> {
  const head = `${requestLine} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
  return readAnswers(await exchange(t.port, head + body))[0]!;
}

test('a request with a body goes over the socket and back', async () => {
  const answer = await ask('POST /orders/new', 'an order');
  assert.deepEqual([answer.status, answer.body], [200, 'an order']);
  assert.deepEqual(seen, ['POST /new localhost']);
  const { target } = await loggedExchange(t.accessLogPath, answer);
  assert.equal(target, `http+unix:${socketPath}`);
});

test('a WebSocket does too', async () => {
  const client = await RawClient.open(t.port);
  client.send('GET /orders/ws HTTP/1.1', 'Host: a', 'Connection: upgrade', 'Upgrade: websocket');
  await client.see(/101 Switching Protocols[^]*\r\n\r\n/);
  client.write('ping');
  await client.see(/ping$/);
  client.close();
});

test('a socket that is not there is a 502, and the log tells why', async () => {
  const answer = await ask('GET /gone');
  assertProblem(answer, 502, 'upstream_unreachable');
  assert.equal((await loggedExchange(t.accessLogPath, answer)).reason, 'socket_missing');
});

test('health, retries and return: of two services on sockets one may come and go', async () => {
  const one = await serve(first);
  await until('the health of the first', () => seen.some((line) => line.startsWith('GET /health')));
  for (let i = 0; i < 4; i++) assert.equal((await ask('GET /pair')).headers['server'], first);
  const two = await serve(second);
  await until('the second is used', async () => (await ask('GET /pair')).headers['server'] === second);
  stop(one);
  for (let i = 0; i < 4; i++) assert.equal((await ask('GET /pair')).headers['server'], second);
  stop(two);
});

test('the name of a socket has one spelling, and nothing that is none is taken', () => {
  const spell = (text: string) => {
    const place = readPlace(text);
    return place === undefined ? undefined : originOf(place);
  };
  assert.equal(spell('http+unix:/run/a.sock'), 'http+unix:/run/a.sock');
  assert.equal(spell('http+unix:///run/a.sock'), 'http+unix:/run/a.sock');
  for (const text of [
    'http+unix:run/a.sock',
    'http+unix://host/a.sock',
    'http+unix:/run/a%20b.sock',
    'http+unix:/run/a.sock?x',
    `http+unix:/${'a'.repeat(103)}`,
    'unix:/run/a.sock',
    'https+unix:/run/a.sock',
  ]) {
    assert.equal(spell(text), undefined, text);
  }
});
