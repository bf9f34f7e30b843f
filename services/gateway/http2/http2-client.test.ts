import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { RecordingSink } from '../http1/testing/recording-sink.ts';
import type { UpstreamRequest } from '../proxy/transport.ts';
import { until } from '../testing/start-test-gateway.ts';
import { Connector } from '../upstreams/connector.ts';
import { type Bounds, Http2Client } from './http2-client.ts';

type Handle = (stream: ServerHttp2Stream, raw: readonly string[]) => void;
let server: Http2Server;
let sessions: ServerHttp2Session[] = [];
let seen: (readonly string[])[] = [];
let handle: Handle;
let client: Http2Client;

/** RFC 9113 section 4.1. */
function frame(type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const answer: Handle = (stream) => {
  stream.respond({ ':status': 200 });
  stream.end('ok');
};

async function start(settings: { maxConcurrentStreams?: number } = {}): Promise<number> {
  server = createServer({ settings });
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream, _headers, _flags, raw) => {
    seen.push(raw);
    stream.on('error', () => {});
    handle(stream as ServerHttp2Stream, raw);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

type More = Partial<Bounds> & { connectMs?: number; headersMs?: number; idleMs?: number };

function open(port: number, { connectMs = 2000, headersMs = 5000, idleMs = 5000, ...more }: More = {}) {
  const place = { kind: 'tcp', isTls: false, host: '127.0.0.1', port, authority: 'a.example' } as const;
  const timeouts = { connectMs, headersMs, idleMs, totalMs: undefined, tunnelIdleMs: idleMs };
  const bounds = { connectionsMax: 10, waitingMax: 10, pingEveryMs: 15_000, pingAnswerMs: 20_000, ...more };
  client = new Http2Client(
    new Connector({ place, connectMs }),
    timeouts,
    () => assert.fail('nothing goes over HTTP/1.1'),
    bounds,
  );
  return client;
}

function send(request: Partial<UpstreamRequest> = {}) {
  const sink = new RecordingSink();
  const asked = { method: 'GET', path: '/x', headers: [], body: undefined, upgrade: false, ...request };
  return { sink, call: client.send(asked, sink) };
}
const ask = (request?: Partial<UpstreamRequest>) => send(request).sink.over();

beforeEach(() => {
  handle = answer;
  seen = [];
  sessions = [];
});
afterEach(async () => {
  await client.destroy();
  for (const session of sessions) session.destroy();
  server.close();
});

describe('an exchange', () => {
  test('carries fields both ways as they are, repeated and beyond ASCII', async () => {
    handle = (stream) => {
      stream.respond({ ':status': 207, 'x-latin': 'caf\u00e9', 'set-cookie': ['a=1', 'b=2'] });
      stream.end('ok');
    };
    open(await start());
    const sink = await ask({ path: '/a?b=1', headers: ['X-A', 'caf\u00e9', 'x-a', '2', 'cookie', 'c'] });
    assert.deepEqual([sink.status, sink.body, sink.ends], [207, 'ok', 1]);
    assert.deepEqual(sink.headers.slice(0, 6), [
      'x-latin',
      'caf\u00e9',
      'set-cookie',
      'a=1',
      'set-cookie',
      'b=2',
    ]);
    assert.deepEqual(seen[0], [
      ':method',
      'GET',
      ':path',
      '/a?b=1',
      ':scheme',
      'http',
      ':authority',
      'a.example',
      'x-a',
      'caf\u00e9',
      'x-a',
      '2',
      'cookie',
      'c',
    ]);
  });

  test('brings 1xx before and trailers behind', async () => {
    handle = (stream) => {
      stream.additionalHeaders({ ':status': 103, link: '</a>' });
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }));
      stream.end('ok');
    };
    open(await start());
    const sink = await ask();
    assert.deepEqual([sink.informations, sink.status, sink.trailers], [[103], 200, ['x-sum', '7']]);
  });

  test('without a body (HEAD, 204, 304) ends', async () => {
    open(await start());
    for (const status of [200, 204, 304]) {
      handle = (stream) => stream.respond({ ':status': status, etag: '"x"' }, { endStream: true });
      const sink = await ask({ method: 'HEAD' });
      assert.deepEqual([sink.status, sink.body, sink.failure], [status, '', undefined]);
    }
  });

  test('sends a body as it comes, and takes an answer that comes before its end', async () => {
    handle = (stream) => {
      stream.on('data', (chunk: Buffer) => stream.write(chunk));
      stream.on('end', () => stream.end());
      stream.respond({ ':status': 200 });
    };
    open(await start());
    const body = new PassThrough();
    const { sink } = send({ method: 'POST', body });
    body.write('first');
    await until('the echo', () => sink.body === 'first');
    body.end('last');
    assert.equal((await sink.over()).body, 'firstlast');

    handle = (stream) => stream.respond({ ':status': 403 }, { endStream: true });
    const early = send({ method: 'POST', body: new PassThrough() }).sink;
    assert.equal((await early.over()).status, 403);
  });

  test('holds the service back while the client takes nothing', async () => {
    let written = 0;
    handle = (stream) => {
      stream.respond({ ':status': 200 });
      const more = () => {
        while (!stream.destroyed && stream.write(Buffer.alloc(65_536))) written += 65_536;
      };
      stream.on('drain', more);
      more();
    };
    open(await start());
    const { sink, call } = send();
    sink.onHeadToo = () => call.pause();
    await until('the head', () => sink.status === 200);
    // Another request on the same connection goes on meanwhile.
    handle = answer;
    assert.equal((await ask()).body, 'ok');
    assert.ok(written < 2_000_000, `${written}`);
    call.abort();
  });
});

describe('what goes wrong', () => {
  const cases: readonly (readonly [string, Handle, string, string])[] = [
    ['a reset before the head', (s) => s.close(2), 'upstream_invalid', 'stream_reset'],
    ['a refused stream', (s) => s.close(7), 'upstream_unreachable', 'stream_refused'],
    ['the end of the connection', (s) => s.session!.destroy(), 'upstream_invalid', 'closed_without_answer'],
    [
      'a reset in the body',
      (s) => {
        s.respond({ ':status': 200 });
        s.write('part', () => s.destroy(new Error('gone')));
      },
      'upstream_invalid',
      'answer_cut',
    ],
    [
      'fewer bytes than announced',
      (s) => {
        s.respond({ ':status': 200, 'content-length': 10 });
        s.end('part');
      },
      'upstream_invalid',
      'invalid_answer',
    ],
    [
      'a head without end',
      (s) => s.respond({ ':status': 200, 'x-a': 'a'.repeat(40_000) }, { endStream: true }),
      'upstream_invalid',
      'head_too_large',
    ],
    [
      'a flood of 1xx',
      (s) => {
        for (let i = 0; i < 100; i++) s.additionalHeaders({ ':status': 103 });
      },
      'upstream_invalid',
      'too_many_informations',
    ],
  ];
  for (const [what, misbehave, code, reason] of cases) {
    test(`${what} is told as ${reason}, once`, async () => {
      handle = misbehave;
      open(await start());
      const sink = await ask();
      assert.deepEqual([sink.failure?.code, sink.failure?.reason, sink.ends], [code, reason, 1]);
      assert.equal(sink.failure!.reached, code !== 'upstream_unreachable');
      handle = answer;
      assert.equal((await ask()).body, 'ok');
      assert.equal(sink.ends, 1);
    });
  }

  for (const code of [0, 7]) {
    test(`a reset in the body is no end and no refusal, whatever it says (code ${code})`, async () => {
      const raw = createTcpServer((socket) => {
        let received = Buffer.alloc(0);
        socket.write(frame(4, 0, 0)); // SETTINGS
        socket
          .on('error', () => {})
          .on('data', (bytes: Buffer) => {
            received = Buffer.concat([received, bytes]);
            let at = 24; // the preface
            while (at + 9 <= received.length && received[at + 3] !== 1) at += 9 + received.readUIntBE(at, 3);
            if (at + 9 > received.length) return; // no HEADERS yet
            socket.write(frame(1, 4, 1, Buffer.from([0x88]))); // HEADERS, END_HEADERS, :status 200
            socket.write(frame(0, 0, 1, Buffer.from('part')));
            socket.write(frame(3, 0, 1, Buffer.from([0, 0, 0, code]))); // RST_STREAM
          });
      }).listen(0, '127.0.0.1');
      await once(raw, 'listening');
      await start();
      open((raw.address() as AddressInfo).port);
      const sink = await ask();
      assert.deepEqual([sink.status, sink.failure?.reason, sink.ends], [200, 'answer_cut', 1]);
      raw.close();
    });
  }

  test('no head and no more body in time are time-outs', async () => {
    handle = () => {};
    open(await start(), { headersMs: 100, idleMs: 100 });
    assert.equal((await ask()).failure?.reason, 'headers_timeout');
    handle = (stream) => stream.respond({ ':status': 200 });
    assert.equal((await ask()).failure?.reason, 'idle_timeout');
  });

  test('a service that speaks HTTP/1.1 got nothing of the request', async () => {
    const plain = createTcpServer((socket) => {
      socket.on('error', () => {}).once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    }).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    await start();
    open((plain.address() as AddressInfo).port);
    const { failure } = await ask();
    assert.deepEqual([failure?.code, failure?.reached], ['upstream_unreachable', false]);
    assert.equal(failure!.reason, 'other_protocol');
    plain.close();
  });

  test('a field that no caller may send throws', async () => {
    open(await start());
    for (const headers of [
      ['x-a', 'a\r\nb'],
      [':path', '/b'],
      ['connection', 'x'],
      ['te', 'trailers'],
    ]) {
      assert.throws(() => send({ headers }), { name: 'AssertionError' }, headers.join());
    }
    assert.throws(() => send({ path: '/a b' }), { name: 'AssertionError' });
  });

  test('an abort reaches the service as a reset, and costs nobody else his connection', async () => {
    const codes: number[] = [];
    handle = (stream) => stream.on('close', () => codes.push(stream.rstCode));
    open(await start());
    const first = send();
    await until('the request', () => seen.length === 1);
    first.call.abort();
    await until('the reset', () => codes.length === 1);
    handle = answer;
    assert.equal((await ask()).body, 'ok');
    assert.deepEqual([codes, sessions.length, first.sink.ends], [[8], 1, 0]);
  });
});

describe('connections', () => {
  test('are shared, and no more is asked of one at once than it permits', async () => {
    const streams: ServerHttp2Stream[] = [];
    handle = (stream) => streams.push(stream);
    open(await start({ maxConcurrentStreams: 2 }), { connectionsMax: 2 });
    const sinks = Array.from({ length: 6 }, () => send().sink);
    await until('four under way', () => streams.length === 4);
    assert.equal(sessions.length, 2);
    handle = answer;
    for (const stream of streams) answer(stream, []);
    for (const sink of sinks) assert.equal((await sink.over()).body, 'ok');
    assert.equal(sessions.length, 2);
  });

  test('one that says it goes is left, and what it did not look at goes elsewhere unseen', async () => {
    open(await start());
    assert.equal((await ask()).body, 'ok');
    handle = (stream) => {
      handle = answer;
      // It looked at the first stream alone.
      stream.session!.goaway(0, 1);
      stream.close(7);
    };
    const sink = await ask({ method: 'DELETE' });
    assert.deepEqual([sink.body, sink.failure, sessions.length], ['ok', undefined, 2]);
  });

  test('one that carried many aborts is left before the service takes offence', async () => {
    handle = () => {};
    open(await start());
    for (let i = 1; i <= 12; i++) {
      const calls = Array.from({ length: 50 }, () => send().call);
      await until('they are there', () => seen.length === i * 50);
      for (const call of calls) call.abort();
    }
    handle = answer;
    assert.equal((await ask()).body, 'ok');
    assert.equal(sessions.length, 2);
  });

  test('are all closed at the end, and whoever waits is told', async () => {
    handle = () => {};
    open(await start({ maxConcurrentStreams: 1 }), { connectionsMax: 1 });
    const [first, second] = [send().sink, send().sink];
    await until('the first', () => seen.length === 1);
    await client.destroy();
    for (const sink of [first, second]) {
      const { failure, ends } = await sink.over();
      assert.deepEqual([failure?.reason, ends], ['client_closed', 1]);
    }
    assert.equal(client.size, 0);
  });
});
