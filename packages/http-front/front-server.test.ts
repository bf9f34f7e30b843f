import assert from 'node:assert/strict';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createLog } from '@pi-gateway/log/log.ts';
import { createFrontServer, type FrontOptions, type UpgradeHandler } from './front-server.ts';
import { assertProblem, exchange, readAnswers } from './raw-exchange.ts';
import { wantBody } from './want-body.ts';

const log = createLog({ service: 'front-test', level: 'silent' });
const base: FrontOptions = {
  log,
  requestId: () => 'front-request-id',
  headersTimeoutMs: 2000,
  requestTimeoutMs: 0,
  keepAliveTimeoutMs: 2000,
};

let handled: string[] = [];

/** Answers with what it read; `/slow…` answers later than what is pipelined behind it. */
function echo(req: IncomingMessage, res: ServerResponse): void {
  handled.push(`${req.method} ${req.url}`);
  if (req.url!.startsWith('/early')) {
    res.end('early');
    return;
  }
  wantBody(req, res);
  let body = '';
  req.setEncoding('latin1');
  req.on('data', (chunk: string) => {
    body += chunk;
  });
  req.on('end', () => {
    const answer = (): void => void res.end(`${req.method} ${req.url} ${body}`);
    if (req.url!.startsWith('/slow')) setTimeout(answer, 30);
    else answer();
  });
}

async function start(options: Partial<FrontOptions> = {}, onUpgrade?: UpgradeHandler, handler = echo) {
  const server = createFrontServer({ ...base, ...options }, handler, onUpgrade);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

let server: Server;
let port: number;
before(async () => {
  ({ server, port } = await start());
});
after(() => stop(server));
beforeEach(() => {
  handled = [];
});

const host = 'Host: a.example\r\n';
const next = `GET /next HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;
const get = (lines: string, target = '/') => `GET ${target} HTTP/1.1\r\n${lines}\r\n`;
const post = (lines: string, body = '') => `POST / HTTP/1.1\r\n${host}${lines}\r\n${body}`;
const chunked = (body: string) => post('Transfer-Encoding: chunked\r\n', body);

type Row = readonly [name: string, bytes: string];
const refused: Record<string, { status: number; rows: readonly Row[] }> = {
  malformed_request: {
    status: 400,
    rows: [
      [
        'Content-Length with Transfer-Encoding',
        post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
      ],
      [
        'Transfer-Encoding with Content-Length',
        post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n'),
      ],
      ['two Content-Length headers that differ', post('Content-Length: 1\r\nContent-Length: 2\r\n', 'ab')],
      ['two Content-Length headers that agree', post('Content-Length: 1\r\nContent-Length: 1\r\n', 'a')],
      ['a list of lengths', post('Content-Length: 1, 1\r\n', 'a')],
      ['a signed length', post('Content-Length: +1\r\n', 'a')],
      ['a negative length', post('Content-Length: -1\r\n', 'a')],
      ['a hexadecimal length', post('Content-Length: 0x1\r\n', 'a')],
      ['an empty length', post('Content-Length: \r\n', 'a')],
      ['a length with a space inside', post('Content-Length: 1 1\r\n', 'a')],
      ['a length over 2^64', post(`Content-Length: ${'9'.repeat(30)}\r\n`, 'a')],
      ['a length that is no exact number', post('Content-Length: 18446744073709551615\r\n', 'a')],
      [
        'two Transfer-Encoding headers',
        chunked('').replace('chunked\r\n', 'chunked\r\nTransfer-Encoding: chunked\r\n'),
      ],
      ['chunked twice', post('Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\n')],
      ['chunked not last', post('Transfer-Encoding: chunked, gzip\r\n', '0\r\n\r\n')],
      ['an empty coding in a list', post('Transfer-Encoding: ,chunked\r\n', '0\r\n\r\n')],
      ['a quoted coding', post('Transfer-Encoding: "chunked"\r\n', '0\r\n\r\n')],
      ['an empty coding', post('Transfer-Encoding:\r\n', '0\r\n\r\n')],
      ['a coding behind a vertical tab', post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n')],
      ['a coding on a folded line', post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n')],
      ['a coding in HTTP/1.0', chunked('0\r\n\r\n').replace('1.1', '1.0')],
      ['a space before the colon', post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n')],
      ['a bare LF behind the request line', `GET / HTTP/1.1\n${host}\r\n`],
      ['a bare LF behind a header', get('Host: a.example\n')],
      ['a bare LF as the empty line', `GET / HTTP/1.1\r\n${host}\n`],
      ['a bare CR behind the request line', `GET / HTTP/1.1\r${host}\r\n`],
      ['a bare CR in a header', get(`${host}X: a\rb\r\n`)],
      ['a folded header', get(`${host}X: a\r\n b\r\n`)],
      ['a folded first header', get(` ${host}`)],
      ['a NUL in a header value', get(`${host}X: a\0b\r\n`)],
      ['a NUL in a header name', get(`${host}X\0: ab\r\n`)],
      ['a control character in a header', get(`${host}X: a\x01b\r\n`)],
      ['an empty header name', get(`${host}: b\r\n`)],
      ['a header without a colon', get(`${host}Xab\r\n`)],
      ['a parenthesis in a header name', get(`${host}X(a: b\r\n`)],
      ['no Host', get('')],
      ['no Host in HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n'],
      ['two Hosts', get(`${host}Host: b\r\n`)],
      ['two equal Hosts', get(host + host)],
      ['an empty Host', get('Host:\r\n')],
      ['a Host with a user', get('Host: u@a.example\r\n')],
      ['a Host with a path', get('Host: a.example/x\r\n')],
      ['a Host with a space', get('Host: a b\r\n')],
      ['a list of Hosts', get('Host: a,b\r\n')],
      ['a Host with an empty port', get('Host: a:\r\n')],
      ['a Host with a textual port', get('Host: a:b\r\n')],
      ['a Host with port 0', get('Host: a:0\r\n')],
      ['a Host with port 65536', get('Host: a:65536\r\n')],
      ['a Host with an open bracket', get('Host: [::1\r\n')],
      ['a Host with an escape', get('Host: a%2eb\r\n')],
      ['a Host of other letters', get('Host: \xe9\r\n')],
      ['an absolute target for another host', get(host, 'http://b.example/')],
      ['an absolute target for another port', get(host, 'http://a.example:81/')],
      ['an absolute target with a user', get(host, 'http://u@a.example/')],
      ['an absolute target of another scheme', get(host, 'file://a.example/')],
      ['a target in asterisk-form', `OPTIONS * HTTP/1.1\r\n${host}\r\n`],
      ['a target in authority-form', get(host, 'a.example:80')],
      ['a target without a slash', get(host, 'abc')],
      ['a fragment in the target', get(host, '/a#b')],
      ['a control character in the target', get(host, '/\x01')],
      ['a raw byte over 127 in the target', get(host, '/\xe9')],
      ['a tab in the target', get(host, '/a\tb')],
      ['a space in the target', get(host, '/a b')],
      ['no version', 'GET / \r\n\r\n'],
      ['a version in lower case', `GET / http/1.1\r\n${host}\r\n`],
      ['a version with a tail', `GET / HTTP/1.1x\r\n${host}\r\n`],
      ['a tab behind the method', `GET\t/ HTTP/1.1\r\n${host}\r\n`],
      ['a space before the method', ` GET / HTTP/1.1\r\n${host}\r\n`],
      ['a TLS hello', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1'],
      ['JSON without HTTP', '{"a":1}\r\n\r\n'],
      ['a negative chunk size', chunked('-1\r\n')],
      ['a chunk size with 0x', chunked('0x1\r\na\r\n0\r\n\r\n')],
      ['a chunk size with a space', chunked('1 \r\na\r\n0\r\n\r\n')],
      ['a chunk size ended by a bare LF', chunked('1\na\r\n0\r\n\r\n')],
      ['chunk data ended by a bare LF', chunked('1\r\na\n0\r\n\r\n')],
      ['a chunk longer than its size', chunked('1\r\nab\r\n0\r\n\r\n')],
      ['a chunk shorter than its size', chunked('2\r\na\r\n0\r\n\r\n')],
      ['a chunk size over 2^64', chunked(`${'f'.repeat(20)}\r\n`)],
      ['a bare LF in a chunk extension', chunked('1;a\nb\r\na\r\n0\r\n\r\n')],
      ['a chunk extension of 20 KB', chunked(`1;${'a'.repeat(20_000)}\r\na\r\n0\r\n\r\n`)],
      ['a line end in a quoted chunk extension', chunked('1;a="b\r\n"\r\na\r\n0\r\n\r\n')],
      ['a length in the trailers', chunked('0\r\nContent-Length: 5\r\n\r\n')],
      ['a malformed trailer', chunked('0\r\nX : y\r\n\r\n')],
      ['a request in place of the trailers', chunked('0\r\nGET /smuggled HTTP/1.1\r\n\r\n')],
    ],
  },
  uri_too_long: {
    status: 414,
    rows: [
      ['a target over 8 KiB', get(host, `/${'a'.repeat(8192)}`)],
      ['a target over all room', get(host, `/${'a'.repeat(30_000)}`)],
    ],
  },
  expectation_failed: {
    status: 417,
    rows: [
      ['another expectation', post('Expect: tea\r\nContent-Length: 1\r\n')],
      ['a second expectation', post('Expect: 100-continue, tea\r\nContent-Length: 1\r\n')],
    ],
  },
  headers_too_large: {
    status: 431,
    rows: [
      ['a header block over 16 KiB', get(`${host}X: ${'a'.repeat(16_384)}\r\n`)],
      ['a header block over all room', get(`${host}X: ${'a'.repeat(60_000)}\r\n`)],
      ['a header name over all room', get(`${host}${'a'.repeat(40_000)}: x\r\n`)],
      ['101 header lines', get(host + 'X: a\r\n'.repeat(100))],
      ['lines of our entrance, doubled', get(host + 'X-Forwarded-For: ::1\r\n'.repeat(102))],
      ['3,000 header lines', get(host + 'X: a\r\n'.repeat(3000))],
    ],
  },
  not_implemented: {
    status: 501,
    rows: [
      ['an unknown method', `FOO / HTTP/1.1\r\n${host}\r\n`],
      ['a method in lower case', `get / HTTP/1.1\r\n${host}\r\n`],
      ['a method with a tail', `GETX / HTTP/1.1\r\n${host}\r\n`],
      ['a WebDAV method', `PROPFIND / HTTP/1.1\r\n${host}\r\n`],
      ['an RTSP method in HTTP', `DESCRIBE / HTTP/1.1\r\n${host}\r\n`],
      ['CONNECT', 'CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n'],
      ['an unknown coding', post('Transfer-Encoding: gzip\r\n')],
      ['the identity coding', post('Transfer-Encoding: identity\r\n')],
      ['gzip before chunked', post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n')],
      ['a coding that ends in chunked', post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n')],
      ['chunked with a parameter', post('Transfer-Encoding: chunked;a=b\r\n', '0\r\n\r\n')],
    ],
  },
  http_version_not_supported: {
    status: 505,
    rows: [
      ['HTTP/0.9', 'GET /\r\n\r\n'],
      ['HTTP/0.9 written out', `GET / HTTP/0.9\r\n${host}\r\n`],
      ['HTTP/1.2', `GET / HTTP/1.2\r\n${host}\r\n`],
      ['HTTP/2', `GET / HTTP/2\r\n${host}\r\n`],
      ['HTTP/2.0', `GET / HTTP/2.0\r\n${host}\r\n`],
      ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
      ['RTSP with a method of its own', 'DESCRIBE rtsp://a/ RTSP/1.0\r\n\r\n'],
      ['RTSP with OPTIONS', 'OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n'],
      ['RTSP with GET', `GET / RTSP/1.0\r\n${host}\r\n`],
      ['ICE', 'GET / ICE/1.0\r\n\r\n'],
    ],
  },
};

for (const [code, { status, rows }] of Object.entries(refused)) {
  describe(`${status} ${code}, closed, and nothing behind it is handled:`, () => {
    for (const [name, bytes] of rows) {
      test(name, async () => {
        const answers = readAnswers(await exchange(port, bytes + next));
        assert.equal(answers.length, 1);
        assertProblem(answers[0], status, code);
        assert.equal(answers[0]!.headers.connection, 'close');
        assert.ok(!handled.includes('GET /next') && !handled.some((one) => one.includes('smuggled')));
      });
    }
  });
}

describe('sound requests are handed on:', () => {
  const sound: readonly Row[] = [
    ['a target of 8 KiB', get(host, `/${'a'.repeat(8191)}`)],
    ['a header block of nearly 16 KiB', get(`${host}X: ${'a'.repeat(16_300)}\r\n`)],
    ['100 header lines', get(host + 'X: a\r\n'.repeat(98))],
    [
      '100 header lines and those our entrance adds',
      get(`${host}${'X: a\r\n'.repeat(99)}X-Request-Id: ${'a'.repeat(32)}\r\nX-Forwarded-For: ::1\r\n`),
    ],
    ['a header named __proto__', get(`${host}__proto__: x\r\nconstructor: y\r\n`)],
    ['a Host with a port', get('Host: a.example:8080\r\n')],
    ['a Host that is an IPv6 address', get('Host: [::1]:8080\r\n')],
    ['empty lines before the request', `\r\n\r\n${get(host)}`],
    ['the coding in capitals', post('Transfer-Encoding: CHUNKED\r\n', '2;a=b\r\nhi\r\n0\r\nX: y\r\n\r\n')],
    ['TRACE, for the handler to answer', `TRACE / HTTP/1.1\r\n${host}\r\n`],
    ['PATCH', `PATCH / HTTP/1.1\r\n${host}Content-Length: 2\r\n\r\nhi`],
    ['an unknown query', get(host, '/?a=b&c')],
  ];
  for (const [name, bytes] of sound) {
    test(name, async () => {
      const answers = readAnswers(await exchange(port, bytes + next));
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200],
      );
    });
  }

  test('an absolute target reaches the handler in origin-form', async () => {
    await exchange(port, get(`${host}Connection: close\r\n`, 'HTTP://A.example?q=1'));
    assert.deepEqual(handled, ['GET /?q=1']);
  });

  test('HTTP/1.0 is answered and closed', async () => {
    const answers = readAnswers(await exchange(port, `GET /old HTTP/1.0\r\n${host}\r\n`));
    assert.equal(answers[0]!.status, 200);
  });

  test('a request that arrives byte by byte is one request', async () => {
    const bytes = post('Content-Length: 2\r\nConnection: close\r\n', 'hi');
    const [answer] = readAnswers(await exchange(port, ...Array.from(bytes)));
    assert.equal(answer!.body, 'POST / hi');
  });
});

describe('pipelining:', () => {
  test('pipelined requests are answered in order, however long each takes', async () => {
    const requests = ['/slow1', '/2', '/slow3', '/4'].map((target) => get(host, target)).join('');
    const answers = readAnswers(await exchange(port, requests + next));
    assert.deepEqual(
      answers.map(({ body }) => body),
      ['GET /slow1 ', 'GET /2 ', 'GET /slow3 ', 'GET /4 ', 'GET /next '],
    );
  });

  const broken: readonly Row[] = [
    ['a head the parser refuses', get(`${host}X : a\r\n`)],
    ['a head we refuse', get('')],
    ['a chunked body the parser refuses', chunked('zz\r\n')],
    ['CONNECT', 'CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n'],
  ];
  for (const [name, bytes] of broken) {
    test(`answers to earlier requests go out before the refusal of ${name}`, async () => {
      const answers = readAnswers(
        await exchange(port, get(host, '/slow1') + get(host, '/slow2') + bytes + next),
      );
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, name === 'CONNECT' ? 501 : 400],
      );
      assert.ok(!handled.includes('GET /next'));
    });
  }

  test('what follows a request that said close is neither handled nor answered', async () => {
    const answers = readAnswers(await exchange(port, get(`${host}Connection: close\r\n`, '/slow') + next));
    assert.deepEqual(
      answers.map(({ body }) => body),
      ['GET /slow '],
    );
    assert.deepEqual(handled, ['GET /slow']);
  });

  test('a broken body behind its answer is not answered a second time', async () => {
    const early = chunked('').replace(' / ', ' /early ');
    assert.equal(readAnswers(await exchange(port, early, 'zz\r\n')).length, 1);
    assert.equal(readAnswers(await exchange(port, `${early}zz\r\n`)).length, 1);
  });
});

describe('closing:', () => {
  test('an answer given before the body ended ends the connection', async () => {
    const early = `POST /early HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\nhalf`;
    assert.equal(readAnswers(await exchange(port, early)).length, 1);
  });

  test('a client that is still sending a large body reads the refusal', async () => {
    const megabytes = 'x'.repeat(4 * 1024 * 1024);
    const answers = readAnswers(
      await exchange(port, post(`Content-Length: ${megabytes.length}\r\nExpect: tea\r\n`), megabytes),
    );
    assertProblem(answers[0], 417, 'expectation_failed');
  });

  test('a client that never closes is cut after the refusal', async () => {
    const started = Date.now();
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    socket.resume();
    socket.write('BAD\r\n\r\n');
    const timer = setInterval(() => socket.write('more'), 20);
    await new Promise((resolve) => socket.on('close', resolve));
    clearInterval(timer);
    assert.ok(Date.now() - started < 3000);
  });
});

describe('Expect: 100-continue:', () => {
  const ask = (target: string) =>
    `POST ${target} HTTP/1.1\r\n${host}Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n`;

  test('the 100 goes out when the handler wants the body', async () => {
    const answers = readAnswers(await exchange(port, ask('/'), 'hi', next));
    assert.deepEqual(
      answers.map(({ status, body }) => `${status} ${body}`),
      ['100 ', '200 POST / hi', '200 GET /next '],
    );
  });

  test('an answer without the body sends no 100 and closes', async () => {
    const answers = readAnswers(await exchange(port, ask('/early')));
    assert.deepEqual(
      answers.map(({ status, headers }) => `${status} ${headers.connection}`),
      ['200 close'],
    );
  });

  test('without a body nothing behind the request is handled, for the connection ends behind the answer', async () => {
    const answers = readAnswers(
      await exchange(port, get(`${host}Expect: 100-continue\r\n`, '/early') + next),
    );
    assert.deepEqual(
      answers.map(({ status, headers }) => `${status} ${headers.connection}`),
      ['200 close'],
    );
    assert.deepEqual(handled, ['GET /early']);
  });
});

describe('upgrades:', () => {
  const upgrade = (protocol: string, lines = '') =>
    get(`${host}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n${lines}`, '/up');

  test('without an upgrade handler the request is a plain one, and the connection ends behind it', async () => {
    const answers = readAnswers(await exchange(port, upgrade('websocket') + next));
    assert.deepEqual(
      answers.map(({ body, headers }) => `${body}${headers.connection}`),
      ['GET /up close'],
    );
  });

  test('only sound websocket upgrades reach the upgrade handler', async () => {
    const upgraded: string[] = [];
    const own = await start({}, (req, socket, head) => {
      upgraded.push(`${req.url} ${head.toString()}`);
      socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    });
    try {
      assert.match(await exchange(own.port, `${upgrade('WebSocket')}frame`), /^HTTP\/1\.1 101 /);
      assert.deepEqual(upgraded, ['/up frame']);
      for (const bytes of [
        upgrade('h2c'),
        upgrade('websocket, h2c'),
        upgrade('websocket', 'Content-Length: 1\r\n') + 'a',
        upgrade('websocket').replace('GET', 'POST'),
        get(host, '/slow') + upgrade('websocket'),
      ]) {
        assert.match(await exchange(own.port, bytes), /^HTTP\/1\.1 200 /);
      }
      const refusal = readAnswers(await exchange(own.port, upgrade('websocket', 'Host: b\r\n')));
      assertProblem(refusal[0], 400, 'malformed_request');
      assert.equal(upgraded.length, 1);
    } finally {
      await stop(own.server);
    }
  });
});

describe('time and number:', () => {
  async function closedAfterMs(at: number, bytes: string): Promise<number> {
    const started = Date.now();
    await exchange(at, bytes);
    return Date.now() - started;
  }

  test('slow heads, silent connections and idle kept ones are cut', async () => {
    const own = await start({ headersTimeoutMs: 200, keepAliveTimeoutMs: 100 });
    try {
      for (const bytes of ['', 'GET / HT', get(host)])
        assert.ok((await closedAfterMs(own.port, bytes)) < 3000);
    } finally {
      await stop(own.server);
    }
  });

  test('a slow body is cut', async () => {
    const own = await start({ headersTimeoutMs: 200, requestTimeoutMs: 300 });
    try {
      assert.ok((await closedAfterMs(own.port, post('Content-Length: 5\r\n', 'a'))) < 3000);
    } finally {
      await stop(own.server);
    }
  });

  test('a client that does not read its answer is cut, a handler that thinks for longer is waited for', async () => {
    const own = await start({ stallTimeoutMs: 200 }, undefined, (req, res) => {
      if (req.url === '/large') res.end('x'.repeat(32 * 1024 * 1024));
      else setTimeout(() => res.end('thought'), 500);
    });
    try {
      const answers = exchange(own.port, get(`${host}Connection: close\r\n`, '/think'));
      const socket = connect(own.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(get(host, '/large'));
      socket.pause();
      assert.equal(readAnswers(await answers)[0]!.body, 'thought');
      const count = (): Promise<number> =>
        new Promise((resolve) => own.server.getConnections((_error, connections) => resolve(connections)));
      const deadline = Date.now() + 3000;
      while ((await count()) > 0) {
        assert.ok(Date.now() < deadline, 'the connection is still open');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      socket.destroy();
    } finally {
      await stop(own.server);
    }
  });

  test('connections over the bound are closed at once', async () => {
    const own = await start({ maxConnections: 1 });
    const first = connect(own.port, '127.0.0.1');
    try {
      await new Promise((resolve) => first.once('connect', resolve));
      assert.equal(await exchange(own.port, next), '');
    } finally {
      first.destroy();
      await stop(own.server);
    }
  });

  test('close waits for answers in flight and for nothing else', async () => {
    const own = await start({ keepAliveTimeoutMs: 60_000 });
    const idle = connect(own.port, '127.0.0.1');
    idle.on('error', () => {});
    idle.write(get(host));
    await new Promise((resolve) => idle.once('data', resolve));
    const inFlight = exchange(own.port, get(host, '/slow'));
    while (!handled.includes('GET /slow')) await new Promise((resolve) => setImmediate(resolve));
    await new Promise<void>((resolve) => own.server.close(() => resolve()));
    assert.equal(readAnswers(await inFlight)[0]!.body, 'GET /slow ');
  });

  test('closing fails no request that is on its way on a kept connection; its answer is the last there', async () => {
    const own = await start({ keepAliveTimeoutMs: 60_000 });
    const idle = exchange(own.port, get(host));
    const busy = exchange(own.port, get(host, '/slow'));
    while (handled.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const closed = new Promise<void>((resolve) => own.server.close(() => resolve()));
    assert.equal(readAnswers(await busy)[0]!.headers.connection, 'close');
    assert.notEqual(readAnswers(await idle)[0]!.headers.connection, 'close');
    await closed;

    const again = await start({ keepAliveTimeoutMs: 60_000 });
    const socket = connect(again.port, '127.0.0.1');
    let received = '';
    socket.setEncoding('latin1').on('data', (data: string) => {
      received += data;
    });
    socket.write(get(host));
    await new Promise((resolve) => socket.once('data', resolve));
    const isOver = new Promise<void>((resolve) => again.server.close(() => resolve()));
    socket.write(next);
    await isOver;
    assert.deepEqual(
      readAnswers(received).map(({ status, headers }) => `${status} ${headers.connection}`),
      ['200 keep-alive', '200 close'],
    );
  });

  test('what is still open when closing takes too long can be ended, upgraded connections too', async () => {
    const own = await start({}, () => {});
    const client = exchange(own.port, get(`${host}Connection: Upgrade\r\nUpgrade: websocket\r\n`));
    await new Promise((resolve) => own.server.once('upgrade', resolve));
    const closed = new Promise<void>((resolve) => own.server.close(() => resolve()));
    own.server.closeAllConnections();
    assert.equal(await client, '');
    await closed;
  });

  test('clients that leave in any state do not crash the server', async () => {
    const states = [
      '',
      'GET',
      get(host, '/slow'),
      post('Content-Length: 5\r\n', 'a'),
      chunked('5\r\na'),
      'BAD\r\n',
    ];
    for (const bytes of states) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
      socket.resetAndDestroy();
    }
    assert.equal(readAnswers(await exchange(port, next))[0]!.status, 200);
  });
});
