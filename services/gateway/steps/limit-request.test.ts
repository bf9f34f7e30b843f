import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Bucket } from '@pi-gateway/limiter/limiter.ts';
import { createMemoryLimiter } from '@pi-gateway/limiter/memory-limiter.ts';
import { RawClient } from '../testing/raw-client.ts';
import { plainAnswer, RecordingUpstream } from '../testing/recording-upstream.ts';
import { startTestGateway, type TestGateway, until } from '../testing/start-test-gateway.ts';

const buckets: Bucket[] = [];
const memory = createMemoryLimiter();
let upstream: RecordingUpstream;
let t: TestGateway;
let ann: string;
let bob: string;

before(async () => {
  upstream = await RecordingUpstream.start();
  const limiter = {
    ...memory,
    take: (bucket: Bucket) => {
      buckets.push(bucket);
      return memory.take(bucket);
    },
  };
  t = await startTestGateway(
    `
services:
  up: { targets: ["${upstream.origin}"] }
routes:
  - { path: /by-user, service: up, access: optional, rate_limit: 2/600 }
  - { path: /by-ip, service: up, rate_limit: { limit: 2/600, by: ip } }
  - { path: /by-header, service: up, access: public, rate_limit: { limit: 2/600, by: header, header: X-Api-Key } }
  - { path: /small, service: up, access: public, header_limit_bytes: 200, body_limit_bytes: 5 }
  - { path: /few, service: up, access: optional, concurrency: { route: 3, caller: 2 } }
`,
    {},
    { limiter },
  );
  ann = await t.auth.token();
  bob = await t.auth.token();
});
after(async () => {
  await t.close();
  upstream.close();
});
beforeEach(() => {
  buckets.length = 0;
  upstream.requests.length = 0;
  upstream.respond = () => plainAnswer;
});

const get = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(`${t.gateway.url}${path}`, { headers, ...init });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const codeOf = async (answer: Response) => ((await answer.json()) as { code: string }).code;

describe('a rate', () => {
  test('by user: one cannot use up another’s, and who has none is counted by network', async () => {
    for (const headers of [bearer(ann), bearer(bob), {}]) {
      assert.equal((await get('/by-user', headers)).status, 200);
      assert.equal((await get('/by-user', headers)).status, 200);
      const limited = await get('/by-user', headers);
      assert.equal(limited.status, 429);
      assert.match(limited.headers.get('ratelimit')!, /^"route";r=0;t=\d+$/);
      assert.equal(limited.headers.get('ratelimit-policy'), '"route";q=2;w=600');
      assert.ok(Number(limited.headers.get('retry-after')) >= 1);
    }
  });

  test('by ip: another token is no other bucket', async () => {
    const taken = [ann, bob, ann].map((token) => get('/by-ip', bearer(token)));
    const statuses = (await Promise.all(taken)).map(({ status }) => status);
    assert.deepEqual(
      statuses.toSorted((a, b) => a - b),
      [200, 200, 429],
    );
  });

  test('by header: by its value, which stands in no key; without it or with two, by network', async () => {
    const key = { 'x-api-key': 'secret-key-one' };
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await get('/by-header', key)).status);
    assert.deepEqual(statuses, [200, 200, 429]);
    assert.equal((await get('/by-header', { 'x-api-key': 'secret-key-two' })).status, 200);
    assert.doesNotMatch(JSON.stringify(buckets), /secret/);
    assert.equal(new Set(buckets.map((bucket) => bucket.key)).size, 2);
    buckets.length = 0;
    await get('/by-header');
    const client = await RawClient.open(t.port);
    client.send('GET /by-header HTTP/1.1', 'Host: a', 'X-Api-Key: a', 'X-Api-Key: b', 'Connection: close');
    await client.closed();
    assert.deepEqual(
      buckets.map((bucket) => bucket.key),
      ['net:127.0.0.1', 'net:127.0.0.1'],
    );
  });
});

describe('a size', () => {
  test('of the header block is the client’s own, and over it is a 431', async () => {
    const asked = (bytes: number) => get('/small', { 'x-fill': 'f'.repeat(bytes) });
    const over = await asked(200);
    assert.deepEqual([over.status, await codeOf(over)], [431, 'headers_too_large']);
    assert.equal(upstream.requests.length, 0);
    const client = await RawClient.open(t.port);
    // 10 + 4 bytes around the value.
    client.send('GET /small HTTP/1.1', 'Host: a', `X-Fill-The: ${'f'.repeat(186)}`, 'Connection: close');
    await client.see(/^HTTP\/1\.1 200/);
    const one = await RawClient.open(t.port);
    one.send('GET /small HTTP/1.1', 'Host: a', `X-Fill-The: ${'f'.repeat(187)}`, 'Connection: close');
    await one.see(/^HTTP\/1\.1 431/);
  });

  test('of the body over the limit is a 413, whether it was announced or not', async () => {
    const announced = await get('/small', {}, { method: 'POST', body: '123456' });
    assert.deepEqual([announced.status, await codeOf(announced)], [413, 'payload_too_large']);
    assert.equal(upstream.requests.length, 0);
    const client = await RawClient.open(t.port);
    client.send('POST /small HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked');
    client.write('6\r\n123456\r\n0\r\n\r\n');
    await client.see(/^HTTP\/1\.1 413/);
    client.close();
    assert.equal((await get('/small', {}, { method: 'POST', body: '12345' })).status, 200);
  });
});

describe('concurrency', () => {
  const open = async (token?: string) => {
    const before = upstream.requests.length;
    const client = await RawClient.open(t.port);
    const lines = token === undefined ? [] : [`Authorization: Bearer ${token}`];
    client.send('GET /few HTTP/1.1', 'Host: a', ...lines);
    await until('the service to have it', () => upstream.requests.length > before);
    return client;
  };

  test('the caller’s places, then the route’s, are refused while they are taken, and free when an answer ends', async () => {
    upstream.respond = () => undefined;
    const first = await open(ann);
    await open(ann);
    const mine = await get('/few', bearer(ann));
    assert.deepEqual([mine.status, await codeOf(mine)], [429, 'rate_limited']);
    assert.equal(mine.headers.get('ratelimit-policy'), '"concurrency";q=2;w=1');
    assert.equal(mine.headers.get('retry-after'), '1');
    await open(bob);
    const all = await get('/few');
    assert.deepEqual(
      [all.status, await codeOf(all), all.headers.get('retry-after')],
      [503, 'overloaded', '1'],
    );
    upstream.requests[0]!.socket.write(plainAnswer);
    await first.see(/ok$/);
    await open(ann);
    assert.equal((await get('/few')).status, 503);
  });

  test('a client that leaves, a service that fails and a WebSocket that ends give their places back', async () => {
    const isFree = () =>
      until('a place to be free', async () => (await get('/few', bearer(ann))).status === 200);
    for (const socket of upstream.sockets) socket.destroy(); // what the test before has left open
    await isFree();

    upstream.respond = () => undefined;
    const leaving = [await open(ann), await open(ann)];
    upstream.respond = () => plainAnswer;
    assert.equal((await get('/few', bearer(ann))).status, 429);
    for (const client of leaving) client.close();
    await isFree();

    upstream.respond = ({ socket }) => void socket.destroy();
    for (let i = 0; i < 4; i++)
      assert.equal((await get('/few', bearer(ann), { method: 'POST' })).status, 502);
    upstream.respond = () =>
      'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n';
    const socket = await RawClient.open(t.port);
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', `Authorization: Bearer ${ann}`];
    socket.send('GET /few HTTP/1.1', 'Host: a', ...upgrade);
    await socket.see(/^HTTP\/1\.1 101/);
    upstream.respond = () => undefined;
    const held = await open(ann);
    upstream.respond = () => plainAnswer;
    assert.equal((await get('/few', bearer(ann))).status, 429);
    socket.close();
    await isFree();
    held.close();
  });
});
