// A client that leaves, in each state that a request can be in: the service sees an abort, or nothing if it had
// nothing yet, and neither a pending request, a request of a target nor a place of the route stays taken.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { Bucket } from '@pi-gateway/limiter/limiter.ts';
import { createMemoryLimiter } from '@pi-gateway/limiter/memory-limiter.ts';
import { RawClient } from '../testing/raw-client.ts';
import { readUnderWay } from '../testing/read-under-way.ts';
import { plainAnswer, RecordingUpstream } from '../testing/recording-upstream.ts';
import { startTestGateway, type TestGateway, until } from '../testing/start-test-gateway.ts';

const memory = createMemoryLimiter();
const waiting: (() => void)[] = [];
let isLimiterSlow = false;
let upstream: RecordingUpstream;
let t: TestGateway;

before(async () => {
  upstream = await RecordingUpstream.start();
  const limiter = {
    ...memory,
    async take(bucket: Bucket) {
      if (isLimiterSlow) await new Promise<void>((resolve) => waiting.push(resolve));
      return memory.take(bucket);
    },
  };
  t = await startTestGateway(
    `
services:
  up: { targets: ["${upstream.origin}"] }
  silent: { targets: ["${upstream.origin.replace('http:', 'https:')}"], timeouts: { connect_ms: 10000 } }
routes:
  - { path: /up, service: up, access: public, concurrency: { route: 1 } }
  - { path: /silent, service: silent, access: public, concurrency: { route: 1 } }
  - { path: /limited, service: up, access: public, rate_limit: 1000/1, concurrency: { route: 1 } }
`,
    {},
    { limiter },
  );
});
after(async () => {
  await t.close();
  upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
  upstream.received = '';
  upstream.respond = () => undefined;
});
afterEach(() => {
  isLimiterSlow = false;
  for (const goOn of waiting.splice(0)) goOn();
});

const readTaken = () => readUnderWay(`${t.gateway.metricsUrl}/metrics`);
const isTaken = async () => (await readTaken())[1] === 1;
const hasNone = async () => (await readTaken()).every((count) => count === 0);
const statusOf = async (path: string) => (await fetch(`${t.gateway.url}${path}`)).status;

async function start(text: string): Promise<RawClient> {
  const client = await RawClient.open(t.port);
  client.write(text);
  return client;
}

/** The client leaves; the service sees it, nothing stays taken, and the one place of the route is free. */
async function assertAborted(client: RawClient): Promise<void> {
  const socket = upstream.sockets.at(-1)!;
  assert.equal(socket.destroyed, false);
  client.close();
  await assertGivenBack(socket);
}

async function assertGivenBack(socket: Socket): Promise<void> {
  await until('the abort', () => socket.destroyed);
  await until('nothing to be taken', hasNone);
  upstream.respond = () => plainAnswer;
  assert.equal(await statusOf('/up'), 200);
  // No connection is kept, so that the last one is that of the next test.
  for (const one of upstream.sockets) one.destroy();
}

const get = 'GET /up HTTP/1.1\r\nHost: a\r\n\r\n';
const post = 'POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n';
const upgrade =
  'GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const arrived = () => until('the request', () => upstream.requests.length === 1);

describe('a client that leaves reaches the service as an abort, and gives back all it held,', () => {
  test('before the first byte of its body', async () => {
    const connections = upstream.sockets.length;
    const client = await start(post);
    await until('the connection', () => upstream.sockets.length > connections);
    await until('it to be under way', isTaken);
    await assertAborted(client);
  });

  test('in its body', async () => {
    const client = await start(`${post}part`);
    await until('the part', () => upstream.received.endsWith('part'));
    await assertAborted(client);
  });

  test('while it waits for the head', async () => {
    const client = await start(get);
    await arrived();
    assert.deepEqual(await readTaken(), [1, 1]);
    assert.equal(await statusOf('/up'), 503);
    await assertAborted(client);
  });

  test('while it waits for the head, though it would still read: an end is a leaving', async () => {
    const client = await RawClient.open(t.port, true);
    client.write(get);
    await arrived();
    const socket = upstream.sockets.at(-1)!;
    client.socket.end();
    await client.closed();
    assert.equal(client.received, '');
    await assertGivenBack(socket);
  });

  test('in the answer', async () => {
    upstream.respond = () => 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart';
    const client = await start(get);
    await client.see(/part$/);
    assert.deepEqual(await readTaken(), [0, 1]);
    await assertAborted(client);
  });

  test('while it waits for its upgrade', async () => {
    const client = await start(upgrade);
    await arrived();
    await assertAborted(client);
  });

  test('with its WebSocket open', async () => {
    upstream.respond = () =>
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    const client = await start(upgrade);
    await client.see(/^HTTP\/1\.1 101/);
    await assertAborted(client);
  });

  test('while it is sent a second time', async () => {
    upstream.respond = () => plainAnswer;
    assert.equal(await statusOf('/up'), 200);
    upstream.respond = ({ socket }) => void (upstream.requests.length === 2 && socket.destroy());
    const client = await start(get);
    await until('the second try', () => upstream.requests.length === 3);
    await assertAborted(client);
  });
});

describe('a client that leaves before anything was sent costs the service nothing, and holds nothing,', () => {
  test('while the service is connected to', async () => {
    const connections = upstream.sockets.length;
    const client = await start(get.replace('/up', '/silent'));
    await until('the handshake', () => upstream.sockets.length > connections && upstream.received !== '');
    assert.equal(await statusOf('/silent'), 503);
    client.close();
    await until('nothing to be taken', hasNone);
    assert.deepEqual(upstream.requests, []);
    // The place of the route is free: the next one gets as far as this one.
    const next = await start(get.replace('/up', '/silent'));
    await until('the next to be under way', isTaken);
    next.close();
    await until('nothing to be taken', hasNone);
  });

  test('while its limit is looked up', async () => {
    isLimiterSlow = true;
    const client = await start(get.replace('/up', '/limited'));
    await until('the look-up', () => waiting.length === 1);
    client.close();
    await until('its end', () => readFileSync(t.accessLogPath, 'utf8').includes('"/limited"'));
    isLimiterSlow = false;
    waiting.pop()!();
    upstream.respond = () => plainAnswer;
    assert.equal(await statusOf('/limited'), 200);
    assert.equal(upstream.requests.length, 1);
    assert.ok(await hasNone());
  });
});
