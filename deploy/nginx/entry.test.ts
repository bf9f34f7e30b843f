import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer, type Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { createFrontServer } from '@pi-gateway/http-front/front-server.ts';
import { assertProblem, exchange, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import { refuse } from '@pi-gateway/http-front/refuse.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { makeAuthority } from '../../launch/testing/certificates.ts';
import { type Entry, type EntryOptions, freePort, startEntryIn } from '../testing/start-entry.ts';
import { renderNginxConf } from './render-nginx-conf.ts';
import { renderProblemPages } from './render-problem-pages.ts';

const folder = mkdtempSync(join(tmpdir(), 'pi entry-')); // with a space: paths must be quoted
chmodSync(folder, 0o755);

type Seen = { readonly line: string; readonly headers: readonly string[]; readonly body: string };
let seen: Seen[] = [];
beforeEach(() => {
  seen = [];
});

/** Stands for the gateway: the same front, and a record of what came through. */
function record(req: IncomingMessage, res: ServerResponse): void {
  if (req.url!.startsWith('/steer')) res.setHeader('X-Accel-Redirect', '/__problem/not_found');
  if (req.url!.startsWith('/location')) res.setHeader('Location', 'http://gateways/x');
  if (req.url!.startsWith('/refused')) {
    refuse(req, res, new AppError('insufficient_role'), 'gateway-own-id');
    return;
  }
  let body = '';
  req.setEncoding('latin1');
  req.on('data', (chunk: string) => {
    body += chunk;
    if (req.url!.startsWith('/stream')) res.write(chunk);
  });
  req.on('error', () => {});
  req.on('end', () => {
    seen.push({ line: `${req.method} ${req.url}`, headers: req.rawHeaders, body });
    if (req.url !== '/hang') res.end('ok');
  });
}

const startEntry = (name: string, options: EntryOptions, host?: string) =>
  startEntryIn(join(folder, name), options, host);

const socketPath = join(folder, 'gateway.sock');
let gateway: Server;
let entry: Entry;
before(async () => {
  gateway = createFrontServer(
    {
      log: createLog({ service: 'entry-test', level: 'silent' }),
      requestId: () => 'front-request-id',
      headersTimeoutMs: 5000,
      requestTimeoutMs: 0,
      keepAliveTimeoutMs: 65_000,
    },
    record,
    (_req, socket, head) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.end(`tunnel:${head.toString()}`);
    },
  );
  await new Promise<void>((resolve) => gateway.listen(socketPath, resolve));
  chmodSync(socketPath, 0o777);
  entry = await startEntry('main', { gateways: [`unix:${socketPath}`] });
});
after(async () => {
  await entry?.stop();
  gateway.closeAllConnections();
  await new Promise((resolve) => gateway.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const host = 'Host: a.example\r\n';
const close = 'Connection: close\r\n';
const get = (target: string, lines = '') => `GET ${target} HTTP/1.1\r\n${host}${lines}${close}\r\n`;
const post = (lines: string, body = '') => `POST / HTTP/1.1\r\n${host}${close}${lines}\r\n${body}`;
const chunked = (body: string) => post('Transfer-Encoding: chunked\r\n', body);

test('the problem pages are those of the table of codes', () => {
  const committed = readFileSync(new URL('snippets/problem-pages.conf', import.meta.url), 'utf8');
  assert.equal(committed, renderProblemPages(), 'run: node deploy/nginx/write-problem-pages.ts');
});

test('what could end a word of the configuration is refused', () => {
  const options = {
    listen: '1',
    gateways: ['a:1'],
    trustedProxies: [],
    runDir: '/r',
    accessLog: '/a',
    errorLog: '/e',
  };
  for (const bad of [
    { listen: '8080"; include /etc/passwd' },
    { gateways: ['a:1\n}'] },
    { trustedProxies: [''] },
    { trustedProxies: ['10.0.0.0/8\\'] },
    { runDir: '/r"; #' },
    { accessLog: '/$arg_x' },
  ]) {
    assert.throws(() => renderNginxConf({ ...options, ...bad }), /cannot hold/);
  }
});

type Row = readonly [name: string, bytes: string];
const refused: Record<string, { status: number; rows: readonly Row[] }> = {
  malformed_request: {
    status: 400,
    rows: [
      ['HTTP/0.9 written out', `GET / HTTP/0.9\r\n${host}\r\n`],
      ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
      ['RTSP', 'OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n'],
      ['a TLS hello', '\x16\x03\x01\x00\xa5\x01\r\n\r\n'],
      ['JSON without HTTP', '{"a":1}\r\n\r\n'],
      ['a method in lower case', `get / HTTP/1.1\r\n${host}\r\n`],
      ['CONNECT', 'CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n'],
      ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
      ['no Host in HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n'],
      ['two Hosts', get('/', 'Host: b\r\n')],
      ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
      ['a Host with a path', get('/').replace('a.example', 'a/b')],
      ['a Host with a user', get('/').replace('a.example', 'u@a')],
      ['a Host with a space', get('/').replace('a.example', 'a b')],
      [
        'Content-Length with Transfer-Encoding',
        post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
      ],
      [
        'Transfer-Encoding with Content-Length',
        post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n'),
      ],
      ['two Content-Length headers', post('Content-Length: 1\r\nContent-Length: 1\r\n', 'a')],
      ['a list of lengths', post('Content-Length: 1, 1\r\n', 'a')],
      ['a signed length', post('Content-Length: +1\r\n', 'a')],
      ['a length over 2^64', post(`Content-Length: ${'9'.repeat(30)}\r\n`, 'a')],
      [
        'two Transfer-Encoding headers',
        post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', '0\r\n\r\n'),
      ],
      ['a coding in HTTP/1.0', chunked('0\r\n\r\n').replace('1.1', '1.0')],
      ['a space before the colon', post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n')],
      ['a folded coding', post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n')],
      ['a bad chunk size', chunked('zz\r\n')],
      ['a chunk longer than its size', chunked('1\r\nab\r\n0\r\n\r\n')],
      ['a chunk size over 2^64', chunked('fffffffffffffffff\r\n')],
      ['a folded header', get('/', 'X: a\r\n b\r\n')],
      ['a bare CR in a header', get('/', 'X: a\rb\r\n')],
      ['a NUL in a header', get('/', 'X: a\0b\r\n')],
      ['a control character in a header', get('/', 'X: a\x01b\r\n')],
      ['an absolute target for another host', get('http://b.example/x')],
      ['an absolute target that names our host behind a bar', get('http://b.example/|a.example')],
      ['an absolute target with a user', get('http://u@a.example/x')],
      ['an absolute target of another scheme', get('ftp://a.example/x')],
      ['a target in asterisk-form', `OPTIONS * HTTP/1.1\r\n${host}${close}\r\n`],
      ['a target without a slash', get('abc')],
      ['dot segments above the root', get('/../../x')],
      ['a broken escape', get('/%zz')],
      ['an escaped NUL', get('/%00')],
      ['a raw byte over 127', get('/\xe9')],
      ['a space in the target', get('/a b')],
      ['a fragment', get('/a#b')],
    ],
  },
  not_found: { status: 404, rows: [['the place of our own pages', get('/__problem/internal')]] },
  method_not_allowed: { status: 405, rows: [['TRACE', get('/').replace('GET', 'TRACE')]] },
  uri_too_long: {
    status: 414,
    rows: [
      ['a target over 8 KiB', get(`/${'a'.repeat(8192)}`)],
      ['a target over all buffers', get(`/${'a'.repeat(40_000)}`)],
    ],
  },
  expectation_failed: {
    status: 417,
    rows: [['another expectation', post('Expect: tea\r\nContent-Length: 1\r\n', 'a')]],
  },
  headers_too_large: {
    status: 431,
    rows: [
      ['a header block over 16 KiB', get('/', `X: ${'a'.repeat(16_400)}\r\n`)],
      ['a header over all buffers', get('/', `X: ${'a'.repeat(40_000)}\r\n`)],
      ['headers over all buffers', get('/', `X: ${'a'.repeat(30_000)}\r\n`.repeat(6))],
      ['101 header lines', get('/', 'X: a\r\n'.repeat(100))],
      ['5,000 header lines', get('/', 'X: a\r\n'.repeat(5000))],
    ],
  },
  not_implemented: {
    status: 501,
    rows: [
      ['an unknown method', get('/').replace('GET', 'FOO')],
      ['an unknown coding', post('Transfer-Encoding: gzip\r\n')],
      ['gzip before chunked', post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n')],
    ],
  },
  http_version_not_supported: {
    status: 505,
    rows: [
      ['HTTP/1.2', get('/').replace('HTTP/1.1', 'HTTP/1.2')],
      ['HTTP/2.0', get('/').replace('HTTP/1.1', 'HTTP/2.0')],
      ['HTTP/3.0', 'GET / HTTP/3.0\r\n\r\n'],
    ],
  },
};

for (const [code, { status, rows }] of Object.entries(refused)) {
  describe(`${status} ${code}, whoever answers, and no service sees it:`, () => {
    for (const [name, bytes] of rows) {
      test(name, async () => {
        const [answer, ...more] = readAnswers(await exchange(entry.port, bytes));
        assertProblem(answer, status, code);
        assert.equal(more.length, 0);
        if (status === 405) assert.match(answer!.headers.allow ?? '', /GET/);
        assert.deepEqual(seen, []);
      });
    }
  });
}

test('a Host that is none ends the connection: nothing behind it is handled', async () => {
  for (const name of ['u@a', 'a,b', 'a:', 'a\\b', 'a%2fb', '-a', '[::1', 'caf\xe9']) {
    const bytes = `GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`;
    const [answer, ...more] = readAnswers(await exchange(entry.port, bytes + get('/behind')));
    assertProblem(answer, 400, 'malformed_request');
    assert.deepEqual([more.length, seen.length], [0, 0], name);
  }
});

test('an HTTP/0.9 request is closed without a byte', async () => {
  assert.equal(await exchange(entry.port, 'GET /\r\n\r\n'), '');
  assert.deepEqual(seen, []);
});

describe('what goes on to the gateway:', () => {
  test('targets pass byte for byte', async () => {
    const targets = [
      '/%7ex//a/../b/./c?d=/../%2e%zz',
      '/a%2Fb%2fc;x',
      '/!$&\'()*+,=:@[]|^`{}"<>\\',
      '/...',
      '//a',
      '/a?',
    ];
    for (const target of targets) await exchange(entry.port, get(target));
    assert.deepEqual(
      seen.map(({ line }) => line),
      targets.map((target) => `GET ${target}`),
    );
  });

  test('forwarding headers of a stranger are replaced or gone, in every spelling', async () => {
    const forged = [
      'X-Forwarded-For: 6.6.6.6',
      'x-forwarded-for: 7.7.7.7',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil',

      'Forwarded: for=6.6.6.6',
      'X-Real-IP: 6.6.6.6',
      'X-Forwarded-Port: 1',
      'X-Request-Id: forged-request-id',
      'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'tracestate: a=b',

      'X_Forwarded_For: 6.6.6.6',
      'x_user_id: 1',
      'x.user.id: 1',
      '__proto__: x',
      'X-Forwarded-Connection: x-request-id',
      'Connection: x-forwarded-for',
    ];
    await exchange(entry.port, get('/', forged.map((line) => `${line}\r\n`).join('')));
    const { headers } = seen[0]!;
    const names = headers.filter((_, index) => index % 2 === 0);
    assert.deepEqual(names, [
      'Host',
      'X-Request-Id',
      'X-Forwarded-For',
      'X-Forwarded-Proto',
      'X-Forwarded-Host',
      'X-Forwarded-Connection',
    ]);
    assert.match(headers[3]!, /^[0-9a-f]{32}$/);
    assert.deepEqual(
      [headers[5], headers[7], headers[9], headers[11]],
      ['127.0.0.1', 'http', 'a.example', 'x-forwarded-for'],
    );
  });

  test('a trusted proxy is believed: its client, scheme, host, request id and trace', async () => {
    const own = await startEntry('trusted', {
      gateways: [`unix:${socketPath}`],
      trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'],
    });
    const lines =
      'X-Forwarded-For: 6.6.6.6, 203.0.113.9, 10.1.2.3\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.example\r\nX-Request-Id: outer-request-id\r\ntraceparent: 00-1\r\n';
    await exchange(own.port, get('/', lines));
    await own.stop();
    assert.deepEqual(seen[0]!.headers.slice(2), [
      'X-Request-Id',
      'outer-request-id',
      'X-Forwarded-For',
      '203.0.113.9',
      'X-Forwarded-Proto',
      'https',
      'X-Forwarded-Host',
      'shop.example',
      'traceparent',
      '00-1',
    ]);
  });

  test('an entry on [::] takes IPv4 clients too, like the services', async () => {
    const own = await startEntry('both', { gateways: [`unix:${socketPath}`] }, '[::]');
    await exchange(own.port, get('/'));
    await own.stop();
    // As IPv6 writes it; the gateway tells services the IPv4 address.
    assert.equal(seen[0]!.headers[seen[0]!.headers.indexOf('X-Forwarded-For') + 1], '::ffff:127.0.0.1');
  });

  test('an absolute target for our host is forwarded as its path', async () => {
    for (const target of ['http://a.example/x?y', 'HTTP://A.example/x?y'])
      await exchange(entry.port, get(target));
    assert.deepEqual(
      seen.map(({ line }) => line),
      ['GET /x?y', 'GET /x?y'],
    );
  });

  test('heads up to the limits pass: 8 KiB of target, 16 KiB of headers, 100 lines', async () => {
    await exchange(entry.port, get(`/${'a'.repeat(8191)}`));
    await exchange(entry.port, get('/', `X: ${'a'.repeat(16_300)}\r\n`));
    await exchange(entry.port, get('/', 'X: a\r\n'.repeat(98)));
    assert.equal(seen.length, 3);
  });

  test('bodies of both framings arrive whole, a large one too', async () => {
    const large = 'x'.repeat(3 * 1024 * 1024);
    await exchange(entry.port, chunked('2;a=b\r\nhi\r\n0\r\nX: y\r\n\r\n'));
    await exchange(entry.port, post(`Content-Length: ${large.length}\r\n`, large));
    assert.deepEqual(
      seen.map(({ body }) => body.length),
      [2, large.length],
    );
  });

  test('a body streams through in both directions before it ends', async () => {
    const socket = connect(entry.port, '127.0.0.1');
    socket.setEncoding('latin1');
    let received = '';
    socket.on('data', (data: string) => {
      received += data;
    });
    socket.write(`POST /stream HTTP/1.1\r\n${host}${close}Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n`);
    const deadline = Date.now() + 5000;
    while (!received.includes('first')) {
      assert.ok(Date.now() < deadline, 'the first part was held back');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    socket.end('0\r\n\r\n');
    socket.destroy();
  });

  test('websocket upgrades are tunnelled, other upgrades are plain requests', async () => {
    const upgrade = (protocol: string, connection: string) =>
      `GET /ws HTTP/1.1\r\n${host}Upgrade: ${protocol}\r\nConnection: ${connection}\r\n\r\n`;
    assert.match(
      await exchange(entry.port, upgrade('WebSocket', 'keep-alive, Upgrade')),
      /^HTTP\/1\.1 101 [^]*tunnel:$/,
    );
    for (const bytes of [
      upgrade('h2c', 'Upgrade, close'),
      upgrade('websocket', 'close'),
      upgrade('websocket', 'Upgrade').replace('HTTP/1.1', 'HTTP/1.0'),
    ]) {
      assert.match(await exchange(entry.port, bytes), /^HTTP\/1\.1 200 /);
    }
  });
});

describe('what comes back from the gateway:', () => {
  test('its own errors pass untouched', async () => {
    const [answer] = readAnswers(await exchange(entry.port, get('/refused')));
    assertProblem(answer, 403, 'insufficient_role');
    assert.equal(answer!.headers['x-request-id'], 'gateway-own-id');
  });

  test('a service can neither steer nginx nor have its Location rewritten', async () => {
    assert.equal(readAnswers(await exchange(entry.port, get('/steer')))[0]!.status, 200);
    assert.equal(
      readAnswers(await exchange(entry.port, get('/location')))[0]!.headers.location,
      'http://gateways/x',
    );
  });

  test('pipelined requests are answered in order, and nothing behind a malformed one is handled', async () => {
    const keep = (target: string, lines = '') => `GET ${target} HTTP/1.1\r\n${host}${lines}\r\n`;
    const answers = readAnswers(
      await exchange(entry.port, keep('/1') + keep('/2') + keep('/3', 'X : y\r\n') + get('/4')),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 400],
    );
    assert.deepEqual(
      seen.map(({ line }) => line),
      ['GET /1', 'GET /2'],
    );
  });
});

describe('when the gateway fails:', () => {
  /** A gateway that does as told, once for each connection. */
  async function brokenGateway(
    answer: string | undefined,
  ): Promise<{ server: NetServer; address: string; hits: () => number }> {
    let hits = 0;
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        hits++;
        if (answer === undefined) socket.destroy();
        else socket.end(answer);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}`, hits: () => hits };
  }

  test('502 when it cannot be reached, and at once again when it is back', async () => {
    const path = join(folder, 'late.sock');
    const own = await startEntry('unreachable', { gateways: [`unix:${path}`] });
    assertProblem(readAnswers(await exchange(own.port, get('/')))[0], 502, 'upstream_unreachable');
    assertProblem(
      readAnswers(await exchange(own.port, post('Content-Length: 1\r\n', 'a')))[0],
      502,
      'upstream_unreachable',
    );
    const late = createServer((socket) => {
      socket.resume().end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    await new Promise<void>((resolve) => late.listen(path, resolve));
    chmodSync(path, 0o777);
    assert.equal(readAnswers(await exchange(own.port, get('/')))[0]!.status, 200);
    await new Promise((resolve) => late.close(resolve));
    await own.stop();
  });

  test('502 when it leaves without an answer or with a head over all buffers; a POST is never sent twice', async () => {
    for (const [name, text] of [
      ['left', undefined],
      ['huge', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`],
    ] as const) {
      const broken = [await brokenGateway(text), await brokenGateway(text)];
      const own = await startEntry(name, { gateways: broken.map(({ address }) => address) });
      const [answer] = readAnswers(await exchange(own.port, post('Content-Length: 1\r\n', 'a')));
      assertProblem(answer, 502, 'upstream_unreachable');
      assert.equal(broken[0]!.hits() + broken[1]!.hits(), 1);
      await own.stop();
      for (const { server } of broken) server.close();
    }
  });

  test('502 for a DELETE only when each gateway has left over it: its method says that it may be sent again', async () => {
    const broken = [await brokenGateway(undefined), await brokenGateway(undefined)];
    const own = await startEntry('left-delete', { gateways: broken.map(({ address }) => address) });
    const [answer] = readAnswers(await exchange(own.port, get('/').replace('GET', 'DELETE')));
    assertProblem(answer, 502, 'upstream_unreachable');
    assert.deepEqual(
      broken.map(({ hits }) => hits()),
      [1, 1],
    );
    await own.stop();
    for (const { server } of broken) server.close();
  });

  test('429 with its headers when one address has too much under way', async () => {
    const own = await startEntry('limited', { gateways: [`unix:${socketPath}`], connectionsPerAddress: 1 });
    const first = connect(own.port, '127.0.0.1');
    first.write(get('/hang'));
    while (!seen.some(({ line }) => line === 'GET /hang'))
      await new Promise((resolve) => setImmediate(resolve));
    const [answer] = readAnswers(await exchange(own.port, get('/')));
    first.destroy();
    await own.stop();
    assertProblem(answer, 429, 'rate_limited');
    assert.equal(answer!.headers['retry-after'], '1');
    assert.equal(answer!.headers.ratelimit, '"connections";r=0;t=1');
    assert.equal(answer!.headers['ratelimit-policy'], '"connections";q=1;w=1');
  });
});

describe('TLS as an option:', () => {
  test('requests come through it with HSTS, and plain HTTP to its port is a problem document', async () => {
    const authority = makeAuthority();
    const { certificate, key } = authority.issue({ names: ['localhost'] });
    const certificateFile = join(folder, 'tls certificate.pem');
    const keyFile = join(folder, 'tls key.pem');
    writeFileSync(certificateFile, certificate);
    writeFileSync(keyFile, key, { mode: 0o600 });
    const tlsPort = await freePort();
    const own = await startEntry('tls', {
      gateways: [`unix:${socketPath}`],
      tls: { listen: `127.0.0.1:${tlsPort}`, certificateFile, keyFile },
    });
    assertProblem(readAnswers(await exchange(tlsPort, get('/')))[0], 400, 'malformed_request');
    const ask = async (request: string) => {
      const ca = authority.certificate;
      const socket = connectTls({ port: tlsPort, host: '127.0.0.1', ca, servername: 'localhost' });
      socket.write(request);
      let text = '';
      for await (const chunk of socket.setEncoding('latin1')) text += chunk as string;
      return readAnswers(text)[0]!;
    };
    const answer = await ask(get('/'));
    const refusal = await ask(get('/').replace('GET', 'TRACE'));
    const [plain] = readAnswers(await exchange(own.port, get('/')));
    await own.stop();
    assert.deepEqual([answer.body, refusal.status, plain!.body], ['ok', 405, 'ok']);
    for (const { headers } of [answer, refusal]) {
      assert.equal(headers['strict-transport-security'], 'max-age=31536000');
    }
    assert.equal(plain!.headers['strict-transport-security'], undefined);
    assert.equal(seen[0]!.headers[seen[0]!.headers.indexOf('X-Forwarded-Proto') + 1], 'https');
  });
});

test('the access log is one JSON line for each request, without the query, whatever the client sent', async () => {
  const own = await startEntry('logged', { gateways: [`unix:${socketPath}`] });
  await exchange(own.port, get('/a?token=secret-one', 'User-Agent: "quoted\\" \xe9\r\n'));
  await exchange(own.port, get('/b', 'User-Agent: "back\\slash"\r\n'));
  await exchange(own.port, get('/\xe9?secret-two'));
  await exchange(own.port, '\x16\x03"secret-three"\r\n\r\n');
  await own.stop();
  const text = readFileSync(own.accessLog, 'utf8');
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(lines.length, 4);
  assert.deepEqual(
    lines.map(({ path, status }) => `${path as string} ${status as number}`),
    ['/a 200', '/b 200', '(unreadable) 400', '(unreadable) 400'],
  );
  assert.equal(lines[1]!.user_agent, '"back\\slash"');
  assert.doesNotMatch(text, /secret|\ufffd/);
});
