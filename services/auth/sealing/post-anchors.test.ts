import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog } from '@pi-gateway/log/log.ts';
import type { Anchor } from './anchors.ts';
import { openAnchorPost } from './post-anchors.ts';

const log = createLog({ service: 'test', level: 'silent' });
const server = createServer((req, res) => {
  let body = '';
  req.setEncoding('utf8').on('data', (text: string) => (body += text));
  req.once('end', () => {
    got.push((JSON.parse(body) as Anchor).number);
    answer(res);
  });
});
let got: number[] = [];
let answer: (res: ServerResponse) => void;
let url = '';
before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/anchors`;
});
beforeEach(() => {
  got = [];
  answer = (res) => res.writeHead(204).end();
});
after(() => {
  server.closeAllConnections();
  server.close();
});

const anchor = (number: number): Anchor => ({ number, hash: '00', signature: '', kid: '', at: '' });
const timing = { timeoutMs: 5000, pausesMs: [1, 1], closeMs: 100 };

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    assert.ok(performance.now() < deadline, `got ${got.join()}`);
    await delay(2);
  }
}

test('an anchor is sent as JSON, and again when it is refused, a few times', async () => {
  answer = (res) => res.writeHead(got.length < 3 ? 503 : 200).end();
  const post = openAnchorPost(url, log, timing);
  post.offer(anchor(7));
  await until(() => got.length === 3);
  await post.close();
  assert.deepEqual(got, [7, 7, 7]);
});

test('one that is refused for good is given up, and the next one is sent', async () => {
  answer = (res) => res.writeHead(500).end();
  const told: object[] = [];
  const listening = createLog({ service: 'test', level: 'silent' });
  listening.warn = (what: object) => told.push(what);
  const post = openAnchorPost(url, listening, timing);
  post.offer(anchor(1));
  await until(() => told.length === 1);
  assert.deepEqual(told, [{ number: 1, reason: 'it answered 500' }]);
  answer = (res) => res.writeHead(200).end();
  post.offer(anchor(2));
  await until(() => got.includes(2));
  await post.close();
});

test('while a receiver is silent nobody waits, only the newest anchor is kept, and closing gives up', async () => {
  const silent = Promise.withResolvers<ServerResponse>();
  answer = silent.resolve;
  const post = openAnchorPost(url, log, timing);
  for (let number = 1; number <= 1000; number++) post.offer(anchor(number));
  const first = await silent.promise;
  assert.deepEqual(got, [1]);
  answer = (res) => res.writeHead(200).end();
  first.writeHead(200).end();
  await until(() => got.length === 2);
  assert.deepEqual(got, [1, 1000]);
  await post.close();
  const again = Promise.withResolvers<ServerResponse>();
  answer = again.resolve;
  post.offer(anchor(1001));
  await again.promise;
  await post.close();
});
