// Services that speak HTTP/2 behind the whole gateway: what holds for HTTP/1.1 holds here.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createSecureServer, createServer, type ServerHttp2Stream } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { type Answer, assertProblem, exchange, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import { loadConfig } from '../routing/load-config.ts';
import { loggedExchange } from '../testing/logged-exchange.ts';
import { RawClient } from '../testing/raw-client.ts';
import { startTestGateway, type TestGateway, until } from '../testing/start-test-gateway.ts';
import { type Handle, Http2Service } from './testing/http2-service.ts';
import { ownAuthority } from './testing/own-authority.ts';

type Seen = { readonly stream: ServerHttp2Stream; readonly raw: readonly string[] };
const { ca, identity } = ownAuthority();
const clients: RawClient[] = [];
let t: TestGateway;
let token: string;
let seen: Seen[] = [];
let handle: Handle;

const answer = (stream: ServerHttp2Stream) => {
  stream.respond({ ':status': 200, 'content-type': 'text/plain' });
  stream.end('ok');
};

const note: Handle = (stream, raw) => {
  seen.push({ stream, raw });
  handle(stream, raw);
};
const plain = new Http2Service(() => createServer(), note);
const secure = new Http2Service(() => {
  const server = createSecureServer({ ...identity, allowHTTP1: true });
  return server.on('upgrade', (_req, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.pipe(socket);
  });
}, note);
const oldFashioned = createHttpsServer(identity, (_req, res) => res.end('old'));

before(async () => {
  await Promise.all([plain.come(), secure.come(), once(oldFashioned.listen(0, '127.0.0.1'), 'listening')]);
  const { port: oldPort } = oldFashioned.address() as AddressInfo;
  t = await startTestGateway(`
services:
  plain: { targets: ["http://127.0.0.1:${plain.port}"], protocol: h2c }
  hasty: { targets: ["http://127.0.0.1:${plain.port}"], protocol: h2c, timeouts: { headers_ms: 100 } }
  checked: { targets: ["http://127.0.0.1:${plain.port}"], protocol: h2c, health: { path: /health, interval_ms: 100 } }
  secure: { targets: ["https://127.0.0.1:${secure.port}"], protocol: h2, tls: { ca_file: "${ca}" } }
  unknown: { targets: ["https://127.0.0.1:${secure.port}"], protocol: h2 }
  old: { targets: ["https://127.0.0.1:${oldPort}"], protocol: h2, tls: { ca_file: "${ca}" } }
  told: { targets: ["http://127.0.0.1:${plain.port}"], protocol: h2c, identity: token }
routes:
  - { path: /plain/*, service: plain, access: public }
  - { path: /hasty/*, service: hasty, access: public }
  - { path: /small/*, service: plain, access: public, body_limit_bytes: 10 }
  - { path: /checked/*, service: checked, access: public }
  - { path: /secure/*, service: secure, access: public }
  - { path: /unknown/*, service: unknown, access: public }
  - { path: /old/*, service: old, access: public }
  - { path: /told/*, service: told }
  - { path: /private/*, service: plain }
`);
  token = await t.auth.token();
});
after(async () => {
  await t.close();
  await Promise.all([plain.go(), secure.go()]);
  oldFashioned.close();
  oldFashioned.closeAllConnections();
});
beforeEach(() => {
  seen = [];
  handle = answer;
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

async function ask(line: string, ...more: string[]): Promise<Answer> {
  const head = [`${line} HTTP/1.1`, 'Host: a.example', ...more, 'Connection: close'].join('\r\n');
  return readAnswers(await exchange(t.port, `${head}\r\n\r\n`))[0]!;
}

async function open(): Promise<RawClient> {
  const client = await RawClient.open(t.port);
  clients.push(client);
  return client;
}

const values = (name: string) => {
  const raw = seen.at(-1)!.raw;
  return raw.filter((_value, i) => i % 2 === 1 && raw[i - 1] === name);
};

describe('a request', () => {
  test('arrives with its fields, the identity and nothing of its connection', async () => {
    const { status, body } = await ask(
      'GET /private/a?b=%201',
      `Authorization: Bearer ${token}`,
      'X-Twice: 1',
      'x-twice: 2',
      'Content-Type: a/b',
      'content-type: c/d',
      'TE: trailers',
      'Keep-Alive: timeout=1',
      'X-User-Id: forged',
      'x_user_id: forged',
    );
    assert.deepEqual([status, body], [200, 'ok']);
    assert.deepEqual(
      [values(':path'), values(':method'), values(':scheme')],
      [['/private/a?b=%201'], ['GET'], ['http']],
    );
    assert.deepEqual(
      [values('x-twice'), values('content-type')],
      [
        ['1', '2'],
        ['a/b', 'c/d'],
      ],
    );
    assert.deepEqual([values('x-user-roles'), values('x-user-id').length], [['user'], 1]);
    for (const name of ['te', 'keep-alive', 'connection', 'host', 'authorization', 'x_user_id']) {
      assert.deepEqual(values(name), [], name);
    }
  });

  test('is told about its caller by a signed token where the service asks for it', async () => {
    await ask('GET /told/x', `Authorization: Bearer ${token}`);
    assert.deepEqual([values('x-pi-identity').length, values('x-user-id').length], [1, 0]);
  });

  test('with a body streams, with and without a length', async () => {
    handle = (stream) => {
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    };
    const client = await open();
    client.write('POST /plain/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    await client.see(/hello/);
    client.write('6\r\n world\r\n0\r\n\r\n');
    await client.see(/ world\r\n0\r\n\r\n$/);
    const second = await open();
    second.write('POST /plain/x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc');
    await second.see(/abc\r\n0\r\n\r\n$/);
    assert.deepEqual(values('content-length'), ['3']);
  });

  test('with a body beyond the limit is a 413, and the service sees a reset', async () => {
    handle = () => {};
    const client = await open();
    client.write('POST /small/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    await until('the beginning', () => seen.length === 1);
    client.write('6\r\n world\r\n');
    await client.closed();
    assertProblem(readAnswers(client.received)[0], 413, 'payload_too_large');
    await until('the reset', () => seen[0]!.stream.closed);
  });

  test('whose client leaves reaches the service as a reset, and the connection goes on', async () => {
    const used = new Set<ServerHttp2Stream['session']>();
    handle = (stream) => void used.add(stream.session);
    const client = await open();
    client.send('GET /plain/x HTTP/1.1', 'Host: a');
    await until('the request', () => seen.length === 1);
    client.close();
    await until('the reset', () => seen[0]!.stream.rstCode === 8);
    handle = (stream) => {
      used.add(stream.session);
      answer(stream);
    };
    assert.equal((await ask('GET /plain/x')).status, 200);
    assert.equal(used.size, 1);
  });
});

describe('an answer', () => {
  test('brings 103 before, trailers behind, and its pieces as they are sent', async () => {
    handle = (stream) => {
      stream.additionalHeaders({ ':status': 103, link: '</a.css>; rel=preload' });
      stream.respond({ ':status': 200, trailer: 'x-sum' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7', 'x-request-id': 'evil' }));
      stream.write('one');
    };
    const client = await open();
    client.send('GET /plain/x HTTP/1.1', 'Host: a');
    await client.see(/^HTTP\/1\.1 103 [^]*HTTP\/1\.1 200 OK[^]*one/);
    seen[0]!.stream.end('two');
    await client.see(/two\r\n0\r\nx-sum: 7\r\n\r\n$/);
  });

  test('that is cut destroys the client\u2019s connection', async () => {
    handle = (stream) => {
      stream.respond({ ':status': 200 });
      stream.write('part', () => stream.destroy(new Error('gone')));
    };
    const client = await open();
    client.send('GET /plain/x HTTP/1.1', 'Host: a');
    await client.closed();
    assert.doesNotMatch(client.received, /0\r\n\r\n$/);
  });

  test('that does not come is a 504, one that is none a 502 with the reason in the log', async () => {
    handle = () => {};
    assertProblem(await ask('GET /hasty/x'), 504, 'upstream_timeout');
    handle = (stream) => stream.close(2);
    const reset = await ask('GET /plain/x');
    assertProblem(reset, 502, 'upstream_invalid');
    assert.equal((await loggedExchange(t.accessLogPath, reset)).reason, 'stream_reset');
  });

  test('of a refused stream is asked for again, whatever the method; one that was looked at is not', async () => {
    handle = (stream) => {
      handle = answer;
      stream.close(7);
    };
    assert.equal((await ask('POST /plain/x', 'Content-Length: 0')).status, 200);
    assert.equal(seen.length, 2);
    handle = (stream) => stream.session!.destroy();
    assertProblem(await ask('POST /plain/x', 'Content-Length: 0'), 502, 'upstream_invalid');
    assert.equal(seen.length, 3);
  });
});

describe('over TLS', () => {
  test('HTTP/2 is agreed on, and a WebSocket goes over HTTP/1.1', async () => {
    assert.equal((await ask('GET /secure/x')).body, 'ok');
    assert.deepEqual(values(':scheme'), ['https']);
    const client = await open();
    client.send('GET /secure/ws HTTP/1.1', 'Host: a', 'Connection: upgrade', 'Upgrade: websocket');
    await client.see(/101 Switching Protocols[^]*\r\n\r\n/);
    client.write('ping');
    await client.see(/ping$/);
  });

  test('who cannot be believed, or speaks HTTP/1.1 alone, gets nothing', async () => {
    for (const [path, reason] of [
      ['/unknown/x', 'tls_unknown_issuer'],
      ['/old/x', 'tls_other_protocol'],
    ] as const) {
      const refused = await ask(`GET ${path}`);
      assertProblem(refused, 502, 'upstream_unreachable');
      assert.equal((await loggedExchange(t.accessLogPath, refused)).reason, reason);
    }
    assert.equal(seen.length, 0);
  });
});

test('health is asked for in HTTP/2', async () => {
  await until('a check', () => plain.checks > 0);
  assert.equal((await ask('GET /checked/x')).status, 200);
});

test('the file says what goes together', () => {
  const refusals = (service: string, name = 'up') => {
    const yaml = `services: { ${name}: { ${service} } }\nroutes: [{ path: /a, service: ${name} }]`;
    const loaded = loadConfig(yaml, {});
    return loaded.kind === 'invalid' ? loaded.problems.map(({ message }) => message).join() : '';
  };
  assert.equal(refusals('targets: ["https://a"], protocol: h2'), '');
  assert.equal(refusals('targets: ["http://a", "http+unix:/run/a.sock"], protocol: h2c'), '');
  assert.match(refusals('targets: ["http://a"], protocol: h2'), /h2 is for https targets/);
  assert.match(refusals('targets: ["https://a"], protocol: h2c'), /h2c is for targets without TLS/);
  assert.match(
    refusals('targets: ["http://a"], protocol: h2c', 'auth'),
    /the service auth speaks HTTP\/1\.1/,
  );
  assert.match(refusals('targets: ["http://a"], protocol: http2'), /must be one of http1, h2, h2c/);
});
