// Services in HTTP/2 that fall silent, or do what no sound one does: what is under way on their connection fails in
// bounded time, and the next request finds another.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { RecordingSink } from '../http1/testing/recording-sink.ts';
import type { UpstreamRequest } from '../proxy/transport.ts';
import { until } from '../testing/start-test-gateway.ts';
import { Connector } from '../upstreams/connector.ts';
import { type Bounds, Http2Client } from './http2-client.ts';

let server: Http2Server;
let relay: Server;
let client: Http2Client;
/** Of the relay, towards the client and towards the server, connection by connection. */
let pairs: { readonly near: Socket; readonly far: Socket }[];
const sessions: ServerHttp2Session[] = [];
let streams: ServerHttp2Stream[];
let handle: (stream: ServerHttp2Stream) => void;

const answer = (stream: ServerHttp2Stream) => {
  stream.respond({ ':status': 200 });
  stream.end('ok');
};

const portOf = (one: { address(): unknown }) => (one.address() as AddressInfo).port;

beforeEach(async () => {
  pairs = [];
  streams = [];
  handle = answer;
  server = createServer({ settings: { maxConcurrentStreams: 4 } });
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    streams.push(stream);
    handle(stream);
  });
  server.listen(0, '127.0.0.1');
  relay = createTcpServer((near) => {
    const far = connect(portOf(server), '127.0.0.1');
    pairs.push({ near, far });
    for (const socket of [near, far]) socket.on('error', () => {});
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
  }).listen(0, '127.0.0.1');
  await Promise.all([once(server, 'listening'), once(relay, 'listening')]);
});
afterEach(async () => {
  await client.destroy();
  for (const session of sessions.splice(0)) session.destroy();
  for (const { near, far } of pairs) for (const socket of [near, far]) socket.destroy();
  relay.close();
  server.close();
});

type More = Partial<Bounds> & { connectMs?: number; headersMs?: number };

function open(port: number, { connectMs = 2000, headersMs = 10_000, ...more }: More = {}): void {
  const place = { kind: 'tcp', isTls: false, host: '127.0.0.1', port, authority: 'a.example' } as const;
  const timeouts = { connectMs, headersMs, idleMs: 10_000, totalMs: undefined, tunnelIdleMs: 10_000 };
  const bounds = { connectionsMax: 10, waitingMax: 2, pingEveryMs: 15_000, pingAnswerMs: 20_000, ...more };
  const noHttp1 = () => assert.fail('nothing goes over HTTP/1.1');
  client = new Http2Client(new Connector({ place, connectMs }), timeouts, noHttp1, bounds);
}

function send(request: Partial<UpstreamRequest> = {}) {
  const sink = new RecordingSink();
  const asked = { method: 'GET', path: '/x', headers: [], body: undefined, upgrade: false, ...request };
  return { sink, call: client.send(asked, sink) };
}
const ask = () => send().sink.over();

// Node's server counts a stream until it is done with it, and not only until it hears of the reset.
const untilReset = () => until('the resets', () => streams.every(({ destroyed }) => destroyed));

/** From now on not a byte passes on the connections that are open, and neither side is told. */
function fallSilent(): void {
  for (const { near, far } of pairs) {
    near.unpipe(far).resume();
    far.unpipe(near).resume();
  }
}

describe('a connection whose other end has gone without a word', () => {
  const soon = { pingEveryMs: 100, pingAnswerMs: 150 };

  test('is found by its ping: what is under way fails as one that died, the next request goes elsewhere', async () => {
    open(portOf(relay), soon);
    assert.equal((await ask()).body, 'ok');
    handle = () => {};
    const { sink } = send();
    await until('the request', () => streams.length === 2);
    fallSilent();
    const { failure } = await sink.over();
    // As on a kept connection of HTTP/1.1 that dies: what may be repeated is.
    assert.deepEqual(
      [failure?.reason, failure?.diedSilent, failure?.diedIdle],
      ['closed_without_answer', true, true],
    );
    handle = answer;
    assert.equal((await ask()).body, 'ok');
    assert.equal(pairs.length, 2);
  });

  test('is found though all its clients leave before their time is over', async () => {
    open(portOf(relay), soon);
    assert.equal((await ask()).body, 'ok');
    fallSilent();
    // Each asks for less long than a ping is waited for, and one after the other: nobody is heard, somebody always leaves.
    const endMs = Date.now() + 5000;
    while (pairs.length === 1) {
      assert.ok(Date.now() < endMs, 'they are sent into the void for ever');
      const { call } = send();
      await new Promise((resolve) => setTimeout(resolve, 40));
      call.abort();
    }
    assert.equal((await ask()).body, 'ok');
  });

  test('gets no further request once an answer was late, until it answers a ping', async () => {
    open(portOf(relay), { headersMs: 100, pingAnswerMs: 10_000 });
    assert.equal((await ask()).body, 'ok');
    fallSilent();
    assert.equal((await ask()).failure?.reason, 'headers_timeout');
    assert.equal((await ask()).body, 'ok');
    assert.equal(pairs.length, 2);
  });

  test('is kept while it answers pings, however long an answer takes', async () => {
    open(portOf(relay), { pingEveryMs: 50, pingAnswerMs: 100 });
    handle = () => {};
    const { sink } = send();
    await until('the request', () => streams.length === 1);
    let pings = 0;
    sessions.at(-1)!.on('ping', () => (pings += 1));
    await until('several pings', () => pings >= 4);
    answer(streams[0]!);
    assert.equal((await sink.over()).body, 'ok');
    assert.equal(pairs.length, 1);
  });
});

describe('a service that takes no more', () => {
  test('is asked no more than it takes; who waits is bounded in number and time, and reached nobody', async () => {
    open(portOf(server), { connectionsMax: 1, connectMs: 300 });
    handle = () => {};
    for (let i = 0; i < 4; i++) send();
    await until('all it takes', () => streams.length === 4);
    const waiting = [send(), send()];
    const { failure } = await ask();
    assert.deepEqual([failure?.reason, failure?.reached], ['too_many_waiting', false]);
    for (const { sink } of waiting) {
      const { failure: late } = await sink.over();
      assert.deepEqual([late?.reason, late?.reached], ['connect_timeout', false]);
    }
    assert.equal(sessions.length, 1);
  });

  test('has the place back of an answer that was given up, and of a client that left', async () => {
    open(portOf(server), { connectionsMax: 1 });
    // One after the other without end.
    handle = (stream) => {
      for (let i = 0; i < 20; i++) stream.additionalHeaders({ ':status': 103 });
    };
    for (let i = 0; i < 5; i++) assert.equal((await ask()).failure?.code, 'upstream_invalid');
    await untilReset();
    handle = () => {};
    const left = Array.from({ length: 4 }, () => send());
    await until('all it takes', () => streams.length === 9);
    for (const { call } of left) call.abort();
    await untilReset();
    handle = answer;
    assert.equal((await ask()).body, 'ok');
    assert.equal(sessions.length, 1);
  });

  test('and says so in the midst of it gets no more from then on', async () => {
    open(portOf(server), { connectionsMax: 1 });
    assert.equal((await ask()).body, 'ok');
    sessions[0]!.settings({ maxConcurrentStreams: 1 });
    await once(sessions[0]!, 'localSettings');
    handle = () => {};
    const first = send();
    const second = send();
    await until('the first', () => streams.length === 2);
    handle = answer;
    answer(streams[1]!);
    assert.equal((await first.sink.over()).body, 'ok');
    assert.equal((await second.sink.over()).body, 'ok');
    assert.equal(streams.length, 3);
  });

  test('and says it goes: what it has begun is answered, what comes then goes elsewhere', async () => {
    open(portOf(server));
    handle = () => {};
    const { sink } = send();
    await until('the request', () => streams.length === 1);
    sessions[0]!.goaway(0, 1);
    handle = answer;
    await until('another connection', async () => (await ask()).body === 'ok' && sessions.length === 2);
    answer(streams[0]!);
    assert.equal((await sink.over()).body, 'ok');
    await until('the end of the first', () => client.size === 1);
  });
});

describe('a flood', () => {
  test('of resets fails each request alone, and costs neither the connection nor a later one', async () => {
    open(portOf(server));
    handle = (stream) => stream.close(2);
    for (let round = 0; round < 250; round++) {
      const sinks = await Promise.all(Array.from({ length: 4 }, ask));
      assert.deepEqual(new Set(sinks.map(({ failure }) => failure?.reason)), new Set(['stream_reset']));
    }
    handle = answer;
    assert.equal((await ask()).body, 'ok');
    assert.equal(sessions.length, 1);
  });

  /** RFC 9113 section 4.1. */
  const frame = (type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
  };
  const settings = frame(4, 0, 0);
  const pieces: Readonly<Record<string, readonly [first: Buffer, again: Buffer]>> = {
    'of a head without end': [
      frame(1, 0, 1, Buffer.from([0x88])),
      frame(9, 0, 1, Buffer.concat([Buffer.from([0x00, 0x01, 0x61, 0x7f, 0x01]), Buffer.alloc(128, 'a')])),
    ],
    'of SETTINGS, whose acknowledgements nobody reads': [
      settings,
      frame(4, 0, 0, Buffer.from([0, 3, 0, 0, 0, 9])),
    ],
    'of PINGs, whose answers nobody reads': [settings, frame(6, 0, 0, Buffer.alloc(8))],
    'of resets of streams that never were': [settings, frame(3, 0, 99, Buffer.from([0, 0, 0, 8]))],
    'of empty DATA on a stream': [frame(1, 4, 1, Buffer.from([0x88])), frame(0, 0, 1)],
  };
  for (const [what, [first, again]] of Object.entries(pieces)) {
    test(`${what} ends with its connection or in time, and holds no memory`, async () => {
      const many = Buffer.concat(Array.from({ length: 2000 }, () => again));
      const flood = createTcpServer((socket) => {
        socket.on('error', () => {});
        socket.write(settings);
        socket.once('data', () => {
          // What comes back is never read.
          socket.pause();
          socket.write(first);
          const more = () => {
            while (!socket.destroyed && socket.write(many));
          };
          socket.on('drain', more);
          more();
        });
      }).listen(0, '127.0.0.1');
      await once(flood, 'listening');
      open(portOf(flood), { headersMs: 1000 });
      const before = process.memoryUsage().rss;
      const { failure, ends } = await ask();
      assert.equal(ends, 1);
      assert.ok(failure !== undefined);
      assert.ok(process.memoryUsage().rss - before < 100e6);
      await client.destroy();
      flood.close();
    });
  }
});
