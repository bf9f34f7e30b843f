import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { afterEach, describe, test } from 'node:test';
import type { UpstreamRequest } from '../proxy/transport.ts';
import { until } from '../testing/start-test-gateway.ts';
import type { Http1Client } from './http1-client.ts';
import { type ClientOptions, openClient } from './testing/open-client.ts';
import { type Accepted, RawServer } from './testing/raw-server.ts';
import { RecordingSink } from './testing/recording-sink.ts';

const okay = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

type Answer = string | ((accepted: Accepted, piece: string) => void);

async function start(answer: Answer = okay): Promise<RawServer> {
  const onPiece =
    typeof answer === 'string' ? ({ socket }: Accepted) => void socket.write(answer, 'latin1') : answer;
  const server = await RawServer.start(onPiece);
  closers.push(() => server.close());
  return server;
}

function connect(server: RawServer, options: ClientOptions = {}): Http1Client {
  const client = openClient(server.port, options);
  closers.push(() => client.destroy());
  return client;
}

const get: UpstreamRequest = { method: 'GET', path: '/', headers: [], body: undefined, upgrade: false };

function ask(client: Http1Client, request: Partial<UpstreamRequest> = {}): RecordingSink {
  const sink = new RecordingSink();
  client.send({ ...get, ...request }, sink);
  return sink;
}

describe('a connection', () => {
  test('serves one request after the other', async () => {
    const server = await start();
    const client = connect(server);
    for (let i = 0; i < 5; i++) assert.equal((await ask(client).over()).body, 'ok');
    assert.equal(server.accepted.length, 1);
  });

  test('that was used last is used next', async () => {
    const server = await start(({ socket }, piece) => {
      const path = /^GET \/(\S*)/.exec(piece)![1]!;
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${path.length}\r\n\r\n${path}`);
    });
    const client = connect(server);
    await Promise.all(['a', 'b', 'c'].map((name) => ask(client, { path: `/${name}` }).over()));
    const last = await ask(client, { path: '/last' }).over();
    assert.equal(last.body, 'last');
    const used = server.accepted.findIndex(({ received }) => received.includes('/last'));
    await ask(client, { path: '/again' }).over();
    assert.match(server.accepted[used]!.received, /again/);
    assert.equal(server.accepted.length, 3);
  });

  test('is not used again behind an answer that says close, or to HTTP/1.0', async () => {
    for (const head of ['HTTP/1.1 200 OK\r\nConnection: Keep-Alive, Close', 'HTTP/1.0 200 OK']) {
      const server = await start(`${head}\r\ncontent-length: 2\r\n\r\nok`);
      const client = connect(server);
      await ask(client).over();
      await ask(client).over();
      assert.equal(server.accepted.length, 2, head);
    }
  });

  test('of HTTP/1.0 that says keep-alive is used again', async () => {
    const server = await start('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\ncontent-length: 2\r\n\r\nok');
    const client = connect(server);
    await ask(client).over();
    await ask(client).over();
    assert.equal(server.accepted.length, 1);
  });

  test('is not used again after HEAD, or a 204 or 304 that announces a body', async () => {
    const answers = [
      ['HEAD', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n'],
      ['GET', 'HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\n'],
      ['GET', 'HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n'],
    ] as const;
    for (const [method, answer] of answers) {
      const server = await start(answer);
      const client = connect(server);
      const sink = await ask(client, { method }).over();
      assert.equal(sink.body, '');
      await ask(client, { method }).over();
      assert.equal(server.accepted.length, 2, answer);
    }
  });

  test('that nobody uses is closed before the server would', async () => {
    const server = await start('HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nok');
    const client = connect(server);
    await ask(client).over();
    assert.equal(client.size, 0);
    await until('the end', () => server.openConnections === 0);
  });

  test('that the server ended is not used again, and no request is lost with it', async () => {
    const server = await start();
    const client = connect(server);
    await ask(client).over();
    server.accepted[0]!.socket.end();
    await until('the end is known', () => client.size === 0);
    assert.equal((await ask(client).over()).body, 'ok');
    assert.equal(server.accepted.length, 2);
  });

  test('that ends while a request is about to be written on it costs the request nothing, a POST neither', async () => {
    const server = await start();
    const client = connect(server);
    await ask(client).over();
    // The end is there, and not yet known, when the request is given to the connection.
    const asked = new Promise<RecordingSink>((resolve) => {
      server.accepted[0]!.socket.end(() => setImmediate(() => resolve(ask(client, { method: 'POST' }))));
    });
    const sink = await (await asked).over();
    assert.equal(sink.failure, undefined);
    assert.equal(sink.body, 'ok');
    assert.equal(server.received.match(/POST/g)?.length, 1);
  });
});

describe('bytes that nobody asked for', () => {
  test('discard an idle connection, and are never read as an answer', async () => {
    const server = await start();
    const client = connect(server);
    await ask(client).over();
    server.accepted[0]!.socket.write('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen');
    await until('it is discarded', () => client.size === 0);
    assert.equal((await ask(client).over()).body, 'ok');
  });

  test('that are there when the next request comes are not its answer', async () => {
    const server = await start();
    const client = connect(server);
    await ask(client).over();
    const asked = new Promise<RecordingSink>((resolve) => {
      const stolen = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen';
      server.accepted[0]!.socket.write(stolen, () => setImmediate(() => resolve(ask(client))));
    });
    assert.equal((await (await asked).over()).body, 'ok');
    assert.equal(server.accepted.length, 2);
  });

  test('behind an answer discard its connection; the answer stands', async () => {
    const server = await start(`${okay}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen`);
    const client = connect(server);
    assert.equal((await ask(client).over()).body, 'ok');
    assert.equal((await ask(client).over()).body, 'ok');
    assert.equal(server.accepted.length, 2);
  });
});

describe('the pool', () => {
  test('opens no more connections than it may, and serves who waits in order', async () => {
    const waiting: Accepted[] = [];
    const server = await start((accepted) => void waiting.push(accepted));
    const client = connect(server, { connectionsMax: 2 });
    const order: number[] = [];
    const sinks = Array.from({ length: 6 }, (_, i) => {
      const sink = ask(client, { path: `/${i}` });
      sink.onHeadToo = () => order.push(i);
      return sink;
    });
    for (let i = 0; i < 6; i++) {
      await until('a request', () => waiting.length > 0);
      waiting.shift()!.socket.write(okay);
      await until('an answer', () => order.length === i + 1);
    }
    await Promise.all(sinks.map((sink) => sink.over()));
    assert.deepEqual(order.slice(2), [2, 3, 4, 5]);
    assert.equal(server.accepted.length, 2);
  });

  test('refuses who would be one too many to wait, and the request has not left', async () => {
    const server = await start(() => {});
    const client = connect(server, { connectionsMax: 1, waitingMax: 1 });
    ask(client);
    ask(client);
    const { failure } = await ask(client).over();
    assert.deepEqual(failure, {
      code: 'upstream_unreachable',
      reason: 'too_many_waiting',
      reached: false,
      diedSilent: false,
      diedIdle: false,
    });
  });

  test('lets nobody wait for a connection longer than connectMs', async () => {
    const server = await start(() => {});
    const client = connect(server, { connectionsMax: 1, connectMs: 50 });
    ask(client);
    const { failure } = await ask(client).over();
    assert.equal(failure?.reason, 'connect_timeout');
    assert.equal(failure.reached, false);
  });

  test('goes on with who waits when a connection fails', async () => {
    const server = await start(({ socket }, piece) => {
      if (piece.includes('/bad')) socket.destroy();
      else socket.write(okay);
    });
    const client = connect(server, { connectionsMax: 1 });
    const bad = ask(client, { path: '/bad' });
    const good = ask(client);
    assert.equal((await bad.over()).failure?.reason, 'closed_without_answer');
    assert.equal((await good.over()).body, 'ok');
  });

  test('destroy ends calls under way and waiting, and every descriptor', async () => {
    const server = await start(() => {});
    const client = connect(server, { connectionsMax: 1 });
    const sinks = [ask(client), ask(client)];
    await until('the request', () => server.received !== '');
    await client.destroy();
    for (const sink of sinks) assert.equal((await sink.over()).failure?.reason, 'client_closed');
    await until('the end', () => server.openConnections === 0);
    assert.equal((await ask(client).over()).failure?.reached, false);
  });
});

describe('what a failure tells', () => {
  const failureOf = async (client: Http1Client, request: Partial<UpstreamRequest> = {}) => {
    const { failure, ends } = await ask(client, request).over();
    assert.equal(ends, 1);
    return failure!;
  };

  test('nobody there: not reached', async () => {
    const server = await start();
    const client = connect(server);
    await server.close();
    const failure = await failureOf(client);
    assert.deepEqual(
      [failure.code, failure.reason, failure.reached],
      ['upstream_unreachable', 'connection_refused', false],
    );
  });

  test('a fresh connection that ends without a byte died silent, not idle', async () => {
    for (const end of ['destroy', 'resetAndDestroy', 'end'] as const) {
      const server = await start(({ socket }) => void socket[end]());
      const failure = await failureOf(connect(server));
      assert.deepEqual(
        [failure.reason, failure.reached, failure.diedSilent, failure.diedIdle],
        ['closed_without_answer', true, true, false],
        end,
      );
    }
  });

  test('a connection that has served and then ends without a byte died idle', async () => {
    for (const end of ['destroy', 'resetAndDestroy', 'end'] as const) {
      const server = await start();
      const client = connect(server);
      await ask(client).over();
      server.onPiece = ({ socket }) => void socket[end]();
      const failure = await failureOf(client);
      assert.deepEqual([failure.diedSilent, failure.diedIdle], [true, true], end);
    }
  });

  test('a byte of an answer, and it did not', async () => {
    const server = await start();
    const client = connect(server);
    await ask(client).over();
    server.onPiece = ({ socket }) => void socket.end('H');
    const failure = await failureOf(client);
    assert.deepEqual([failure.reason, failure.diedSilent, failure.diedIdle], ['answer_cut', false, false]);
  });

  test('no head in time, and silence behind it', async () => {
    const short = { headersMs: 60, idleMs: 60 };
    const silent = await start(() => {});
    assert.deepEqual((await failureOf(connect(silent, short))).reason, 'headers_timeout');
    const stuck = await start('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npart');
    assert.deepEqual((await failureOf(connect(stuck, short))).reason, 'idle_timeout');
  });

  test('an answer that is none says why', async () => {
    const server = await start(
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    const failure = await failureOf(connect(server));
    assert.deepEqual(
      [failure.code, failure.reason, failure.reached],
      ['upstream_invalid', 'bad_framing', true],
    );
    await until('the end', () => server.openConnections === 0);
  });

  test('a sink that throws fails its own call alone', async () => {
    const server = await start();
    const client = connect(server);
    const sink = new RecordingSink();
    sink.onHeadToo = () => assert.fail('thrown on purpose');
    client.send(get, sink);
    assert.equal((await sink.over()).failure?.reason, 'sink_failed');
    assert.equal((await ask(client).over()).body, 'ok');
  });
});

describe('abort', () => {
  test('ends the connection of a request under way, and the sink hears nothing more', async () => {
    const server = await start(() => {});
    const client = connect(server);
    const sink = new RecordingSink();
    const call = client.send(get, sink);
    await until('the request', () => server.received !== '');
    call.abort();
    await until('the end', () => server.openConnections === 0);
    assert.deepEqual([client.size, sink.ends], [0, 0]);
  });

  test('in the middle of an answer stops it there', async () => {
    const server = await start(
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n',
    );
    const client = connect(server);
    const sink = new RecordingSink();
    const call = client.send(get, sink);
    sink.onDataToo = () => call.abort();
    await until('the end', () => client.size === 0 && sink.body !== '');
    assert.deepEqual([sink.body, sink.ends], ['a', 0]);
  });

  test('once the answer is whole changes nothing, whoever has the connection by then', async () => {
    const server = await start();
    const client = connect(server);
    const first = new RecordingSink();
    const call = client.send(get, first);
    await first.over();
    const second = ask(client);
    call.abort();
    call.pause();
    assert.equal((await second.over()).body, 'ok');
    assert.equal(server.accepted.length, 1);
  });

  test('before there is a connection, or while waiting for one, sends nothing', async () => {
    const server = await start(() => {});
    const client = connect(server, { connectionsMax: 1 });
    const connecting = client.send({ ...get, path: '/connecting' }, new RecordingSink());
    const waiting = client.send({ ...get, path: '/waiting' }, new RecordingSink());
    connecting.abort();
    waiting.abort();
    const next = ask(client, { path: '/next' });
    await until('the next', () => server.received.includes('/next'));
    server.accepted[0]!.socket.write(okay);
    await next.over();
    assert.doesNotMatch(server.received, /connecting|waiting/);
    assert.equal(server.accepted.length, 1);
  });
});

describe('a body on its way to the server', () => {
  const post = (body: Readable, length?: number) => ({
    method: 'POST',
    headers: length === undefined ? [] : ['content-length', String(length)],
    body,
  });

  test('goes with its length, head and first bytes in one piece', async () => {
    const pieces: string[] = [];
    const server = await start(({ socket }, piece) => {
      pieces.push(piece);
      if (piece.endsWith('world')) socket.write(okay);
    });
    const sink = ask(connect(server), post(Readable.from([Buffer.from('hello world')]), 11));
    assert.equal((await sink.over()).body, 'ok');
    assert.equal(pieces.length, 1);
    assert.match(pieces[0]!, /^POST [^]*content-length: 11\r\n\r\nhello world$/);
  });

  test('goes in chunks without one, and the connection serves again', async () => {
    const server = await start(({ socket, received }) => {
      if (received.endsWith('\r\n0\r\n\r\n')) socket.write(okay);
    });
    const client = connect(server);
    for (let i = 0; i < 2; i++) {
      const sink = ask(
        client,
        post(Readable.from([Buffer.from('hello'), Buffer.alloc(0), Buffer.from('you')])),
      );
      assert.equal((await sink.over()).body, 'ok');
    }
    assert.match(server.received, /transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n$/);
    assert.equal(server.accepted.length, 1);
  });

  test('has its head sent when no byte of it is there yet', async () => {
    const server = await start(() => {});
    ask(connect(server), post(new Readable({ read() {} })));
    await until('the head', () => server.received.endsWith('transfer-encoding: chunked\r\n\r\n'));
  });

  test('longer or shorter than it was said to be never begins another request', async () => {
    for (const [text, length] of [
      ['hello you', 5],
      ['hell', 5],
    ] as const) {
      const server = await start(() => {});
      const sink = ask(connect(server), post(Readable.from([Buffer.from(text)]), length));
      assert.equal((await sink.over()).failure?.reason, 'body_failed');
      assert.doesNotMatch(server.received, /you/);
      await until('the end', () => server.openConnections === 0);
    }
  });

  test('that breaks off ends the connection without its last chunk', async () => {
    const server = await start(() => {});
    const body = new Readable({ read() {} });
    const sink = ask(connect(server), post(body));
    body.push('part');
    await until('the beginning', () => server.received.includes('part'));
    body.destroy(new Error('broken off'));
    assert.equal((await sink.over()).failure?.reason, 'body_failed');
    await until('the end', () => server.openConnections === 0);
    assert.doesNotMatch(server.received, /\r\n0\r\n\r\n$/);
  });

  test('that was broken before there was a connection fails its call', async () => {
    const server = await start(() => {});
    const body = new Readable({ read() {} });
    body.on('error', () => {});
    body.destroy(new Error('broken off'));
    const sink = ask(connect(server), post(body));
    assert.equal((await sink.over()).failure?.reason, 'body_failed');
  });

  test('that the answer does not wait for is given up with its connection', async () => {
    const server = await start('HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno');
    const client = connect(server);
    const body = new Readable({ read() {} });
    body.push('part');
    const sink = await ask(client, post(body)).over();
    assert.deepEqual([sink.status, sink.body], [403, 'no']);
    assert.equal(body.destroyed, true);
    assert.equal(client.size, 0);
  });

  test('waits for a server that takes nothing, and for its headersMs only', async () => {
    const server = await start(() => {});
    server.onConnection = ({ socket }) => void socket.pause();
    let asked = 0;
    const body = new Readable({
      read() {
        asked += 1;
        this.push(Buffer.alloc(64 * 1024));
      },
    });
    const client = connect(server, { headersMs: 200 });
    const sink = ask(client, post(body));
    assert.equal((await sink.over()).failure?.reason, 'headers_timeout');
    assert.ok(asked < 500, `${asked} pieces of 64 KiB were taken in`);
  });

  test('that takes its time is not the server\u2019s fault', async () => {
    const server = await start(({ socket, received }) => {
      if (received.endsWith('0\r\n\r\n')) socket.write(okay);
    });
    const body = new Readable({ read() {} });
    const sink = ask(connect(server, { headersMs: 50 }), post(body));
    await until('the head', () => server.received !== '');
    // Longer than headersMs and two looks at the clock.
    setTimeout(() => body.push(null), 250);
    assert.equal((await sink.over()).body, 'ok');
  });

  test('of a method that expects none is the last thing on its connection', async () => {
    const server = await start(({ socket, received }) => {
      if (received.endsWith('\r\n\r\nhi')) socket.write(okay);
    });
    const client = connect(server);
    await ask(client, { ...post(Readable.from([Buffer.from('hi')]), 2), method: 'GET' }).over();
    assert.equal(client.size, 0);
    assert.match(server.received, /connection: close/);
  });
});

describe('a reader that is slow', () => {
  test('holds the server back, and has all of it in the end', async () => {
    const size = 20_000_000;
    const server = await start(({ socket }) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
      socket.write(Buffer.alloc(size));
    });
    const client = connect(server);
    let got = 0;
    const sink = new RecordingSink();
    sink.onData = (chunk) => void (got += chunk.length);
    const call = client.send(get, sink);
    sink.onHeadToo = () => call.pause();
    await until('the head', () => sink.status === 200);
    const held = server.accepted[0]!.socket;
    await until('it is held', () => held.writableNeedDrain);
    assert.ok(got <= 64 * 1024, `${got} bytes came nevertheless`);
    call.resume();
    await sink.over();
    assert.equal(got, size);
    assert.equal(client.size, 1);
  });

  test('is not cut by idleMs while it holds the server back', async () => {
    const server = await start('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab');
    const client = connect(server, { idleMs: 50 });
    const sink = new RecordingSink();
    const call = client.send(get, sink);
    sink.onHeadToo = () => call.pause();
    await until('the head', () => sink.status === 200);
    // Longer than idleMs and two looks at the clock.
    await new Promise((resolve) => setTimeout(resolve, 250));
    assert.equal(sink.ends, 0);
    server.accepted[0]!.socket.write('cd');
    call.resume();
    assert.equal((await sink.over()).body, 'abcd');
  });
});

describe('1xx answers', () => {
  test('are handed on in front of the answer, 100 too', async () => {
    const server = await start(
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${okay}`,
    );
    const sink = await ask(connect(server)).over();
    assert.deepEqual([sink.informations, sink.status, sink.body], [[100, 103], 200, 'ok']);
  });

  test('more than sixteen are refused', async () => {
    const server = await start('HTTP/1.1 102 Processing\r\n\r\n'.repeat(17));
    const sink = await ask(connect(server)).over();
    assert.deepEqual([sink.informations.length, sink.failure?.reason], [16, 'too_many_informations']);
  });
});

describe('an upgrade', () => {
  const switching = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';

  test('hands the socket on, with what came behind the head, and leaves the pool', async () => {
    const server = await start(`${switching}early`);
    const client = connect(server);
    const sink = await ask(client, { upgrade: true }).over();
    const { socket, headers } = sink.upgraded!;
    closers.push(async () => void socket.destroy());
    assert.deepEqual(headers, ['connection', 'upgrade', 'upgrade', 'websocket']);
    assert.match(
      server.received,
      /^GET \/ HTTP\/1\.1\r\nhost: a\.example\r\nconnection: upgrade\r\nupgrade: websocket\r\n/,
    );
    let got = '';
    socket.setEncoding('latin1').on('data', (piece: string) => (got += piece));
    socket.resume();
    await until('the early bytes', () => got === 'early');
    server.accepted[0]!.socket.write(' late');
    await until('the late ones', () => got === 'early late');
    assert.equal(client.size, 0);
  });

  test('that is refused is an answer like any other', async () => {
    const server = await start('HTTP/1.1 426 Upgrade Required\r\ncontent-length: 2\r\n\r\nno');
    const client = connect(server);
    const sink = await ask(client, { upgrade: true }).over();
    assert.deepEqual([sink.status, sink.body, client.size], [426, 'no', 0]);
  });

  test('that nobody asked for is refused', async () => {
    const server = await start(switching);
    assert.equal((await ask(connect(server)).over()).failure?.reason, 'unrequested_upgrade');
  });
});
