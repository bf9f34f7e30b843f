// Bodies made to cost: a password of ten MiB, bodies without an end, compressed ones, deep ones, ones of many keys. Each
// is refused by what its head or its first bytes say, no hash is made for it, and memory stays where it was.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import type { Target } from '../proofs/http-client.ts';
import { readMetrics } from '../proofs/read-metrics.ts';
import { type System, startSystem } from '../proofs/start-system.ts';

let system: System;
before(async () => {
  system = await startSystem({ auths: 1, gateways: 1, workers: 1, redis: false });
});
after(() => system.close());

const ways = [
  { name: 'through the gateway', target: () => system.gateways[0]!.target, path: '/api/auth/login' },
  { name: 'at auth itself', target: () => system.auths[0]!.target, path: '/auth/login' },
];
const tenMib = 10 * 1024 * 1024;
const answeredMs = 30_000;

type Sent = { readonly status: number; readonly bytesWritten: number };

/** Writes `head`, then what `next` gives as fast as it is taken, until there is an answer or nothing more to write. */
function sendUntilAnswered(target: Target, head: string, next: () => Buffer | undefined): Promise<Sent> {
  assert.ok('port' in target);
  const socket = connect(target.port, target.host);
  let answer = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => socket.destroy(new Error(`no answer to ${head.slice(0, 60)}`)),
      answeredMs,
    );
    const isOver = () => answer !== '' || socket.destroyed;
    function write(): void {
      for (
        let chunk = isOver() ? undefined : next();
        chunk !== undefined;
        chunk = isOver() ? undefined : next()
      ) {
        if (!socket.write(chunk)) return;
      }
    }
    socket.on('drain', write);
    // A write may fail on the way of the refusal, which is read all the same.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error);
    });
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      socket.end();
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]), bytesWritten: socket.bytesWritten });
    });
    socket.write(head);
    write();
  });
}

const post = (path: string, more: string) =>
  `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${more}\r\n`;

async function send(target: Target, path: string, body: Buffer, more = ''): Promise<Sent> {
  const chunks = [body];
  return sendUntilAnswered(target, post(path, `content-length: ${body.length}\r\n${more}`), () =>
    chunks.shift(),
  );
}

async function countLogins(): Promise<number> {
  const outcomes = ['succeeded', 'failed', 'rate_limited'].map(
    (outcome) => `pi_auth_logins_total{outcome="${outcome}"}`,
  );
  const counts = await readMetrics(system.auths[0]!.metricsUrl, outcomes);
  return counts.reduce((sum, count) => sum + count, 0);
}

async function residentMb(): Promise<number> {
  const [bytes] = await readMetrics(system.auths[0]!.metricsUrl, ['process_resident_memory_bytes']);
  return bytes / 1e6;
}

for (const { name, target, path } of ways) {
  describe(name, () => {
    test('a password of ten MiB is a 413 by its length, before its body is sent', async () => {
      const before = await countLogins();
      const head = post(path, `content-length: ${tenMib}\r\n`);
      const first = Buffer.from('{"email":"a@example.com","password":"');
      const chunks = [first];
      const { status, bytesWritten } = await sendUntilAnswered(target(), head, () => chunks.shift());
      assert.equal(status, 413);
      assert.equal(bytesWritten, head.length + first.length);
      assert.equal(await countLogins(), before);
    });

    test('a password without an end is a 413 after its first few thousand bytes, however much is sent', async () => {
      const head = post(path, 'transfer-encoding: chunked\r\n');
      const chunk = Buffer.from(`4000\r\n${'a'.repeat(0x4000)}\r\n`);
      let chunks = 0;
      const { status } = await sendUntilAnswered(target(), head, () =>
        ++chunks > 100_000 ? undefined : chunk,
      );
      assert.equal(status, 413);
      assert.ok(chunks < 100_000, 'it was read to its end');
    });

    test('a compressed body is a 415 whatever is in it', async () => {
      const bomb = Buffer.from(`{"email":"a@example.com","password":"${'a'.repeat(4_000_000)}"}`);
      for (const [encoding, body] of [
        ['gzip', gzipSync(bomb)],
        ['deflate', deflateSync(bomb)],
        ['x-gzip', gzipSync(bomb)],
        ['gzip, gzip', gzipSync(gzipSync(bomb))],
      ] as const) {
        assert.ok(body.length < 16_384);
        const { status } = await send(target(), path, body, `content-encoding: ${encoding}\r\n`);
        assert.equal(status, 415, encoding);
      }
    });

    test('depth, keys, doubled keys, numbers beyond numbers and halves of characters are a 400 or a 422, and memory is flat', async () => {
      const bombs = {
        depth: `{"email":${'['.repeat(8000)}${']'.repeat(8000)}}`,
        'depth without an end': '{"a":'.repeat(3200),
        keys: `{${Array.from({ length: 1600 }, (_, i) => `"k${i}":1`).join(',')}}`,
        'doubled keys': '{"email":"a@example.com","password":"x","password":"y"}',
        'a number beyond numbers': '{"email":"a@example.com","password":1e400}',
        'half of a character': '{"email":"a@example.com","password":"\\ud800"}',
        prototype: '{"__proto__":{"email":"a@example.com"},"password":"x"}',
        'a long number': `{"email":"a@example.com","password":${'9'.repeat(16_000)}}`,
        escapes: `{"email":"a@example.com","password":"${'\\u0000'.repeat(2600)}"}`,
      };
      const sendAll = async (): Promise<void> => {
        for (const [what, body] of Object.entries(bombs)) {
          const { status } = await send(target(), path, Buffer.from(body));
          assert.ok(status === 400 || status === 422, `${what}: ${status}`);
        }
      };
      await sendAll();
      const beforeMb = await residentMb();
      for (let round = 0; round < 30; round++) await sendAll();
      const grownMb = (await residentMb()) - beforeMb;
      assert.ok(grownMb < 64, `${grownMb.toFixed(0)} MB more`);
    });
  });
}
