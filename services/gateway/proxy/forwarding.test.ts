import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answer, assertProblem, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import { gatewayOnUpstream } from '../testing/gateway-on-upstream.ts';
import { loggedExchange } from '../testing/logged-exchange.ts';
import { plainAnswer } from '../testing/recording-upstream.ts';
import { until } from '../testing/start-test-gateway.ts';

const setting = gatewayOnUpstream(
  (origin, closedOrigin) => `
services:
  up:
    targets: ["${origin}"]
    timeouts: { connect_ms: 500, headers_ms: 300, idle_ms: 300 }
  gone: { targets: ["${closedOrigin}"] }
  half: { targets: ["${closedOrigin}", "${origin}"] }
  narrow: { targets: ["${origin}"], max_pending: 1 }
  auth: { targets: ["\${AUTH_URL}"] }
routes:
  - { path: /up/*, service: up, access: public }
  - { path: /small/*, service: up, access: public, body_limit_bytes: 10 }
  - { path: /gone/*, service: gone, access: public }
  - { path: /half/*, service: half, access: public }
  - { path: /narrow/*, service: narrow, access: public }
  - { path: /auth/*, service: auth, access: public }
`,
);
const { open, send, ask } = setting;

describe('answers', () => {
  test('status, reason, repeated and non-ASCII headers reach the client as the service sent them', async () => {
    setting.upstream.respond = () =>
      'HTTP/1.1 207 Some Thing\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-Latin: caf\u00e9\r\nContent-Length: 2\r\n\r\nok';
    const client = await send('GET /up/x HTTP/1.1', 'Host: a');
    await client.see(/ok$/);
    assert.match(
      client.received,
      /^HTTP\/1\.1 207 Some Thing\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-Latin: caf\u00e9\r\n/,
    );
  });

  test('non-ASCII headers survive an answer whose head goes out before its body', async () => {
    setting.upstream.respond = () =>
      'HTTP/1.1 200 OK\r\nX-Latin: caf\u00e9\r\nTransfer-Encoding: chunked\r\n\r\n';
    const client = await send('GET /up/x HTTP/1.1', 'Host: a');
    await client.see(/X-Latin: caf\u00e9\r\n/);
  });

  test('every answer carries exactly one x-request-id, the one the service got', async () => {
    setting.upstream.respond = () =>
      'HTTP/1.1 200 OK\r\nX-Request-Id: theirs\r\nx_request_id: theirs\r\nx-pi-secret: s\r\nContent-Length: 0\r\n\r\n';
    const client = await send('GET /up/x HTTP/1.1', 'Host: a');
    const [, id] = await client.see(/x-request-id: ([0-9a-f-]{36})\r\n/);
    assert.deepEqual(setting.upstream.values('x-request-id'), [id]);
    assert.doesNotMatch(client.received, /theirs|x-pi-/i);
  });

  test('hop-by-hop headers of the service end here', async () => {
    setting.upstream.respond = () =>
      'HTTP/1.1 200 OK\r\nConnection: keep-alive, x-near\r\nX-Near: 1\r\nKeep-Alive: timeout=77\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\nX-Far: 1\r\nContent-Length: 0\r\n\r\n';
    const client = await send('GET /up/x HTTP/1.1', 'Host: a');
    await client.see(/X-Far: 1\r\n/);
    assert.doesNotMatch(client.received, /x-near|timeout=77|Proxy-Auth|h2c/i);
  });

  test('a HEAD, a 204 and a 304 have no body, and the connection goes on', async () => {
    const client = await open();
    setting.upstream.respond = () => 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';
    client.send('HEAD /up/x HTTP/1.1', 'Host: a');
    await client.see(/200 OK[^]*Content-Length: 5[^]*\r\n\r\n$/);
    setting.upstream.respond = () => 'HTTP/1.1 204 No Content\r\n\r\n';
    client.send('GET /up/x HTTP/1.1', 'Host: a');
    await client.see(/204 No Content[^]*\r\n\r\n$/);
    setting.upstream.respond = () => 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n';
    client.send('GET /up/x HTTP/1.1', 'Host: a');
    await client.see(/304 Not Modified[^]*\r\n\r\n$/);
    setting.upstream.respond = () => plainAnswer;
    client.send('GET /up/x HTTP/1.1', 'Host: a');
    await client.see(/\r\n\r\nok$/);
    assert.doesNotMatch(client.received, /transfer-encoding/i);
  });

  test('trailers of a chunked answer arrive behind it', async () => {
    setting.upstream.respond = () =>
      'HTTP/1.1 200 OK\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 7\r\nx-request-id: evil\r\n\r\n';
    const client = await send('GET /up/x HTTP/1.1', 'Host: a');
    await client.see(/trailer: x-sum\r\n[^]*2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n$/i);
  });

  test('a Trailer header on an answer with a length crashes nothing', async () => {
    setting.upstream.respond = () => 'HTTP/1.1 200 OK\r\nTrailer: x-sum\r\nContent-Length: 2\r\n\r\nok';
    assert.equal((await ask('GET /up/x')).body, 'ok');
  });

  test('the head and each piece of a stream arrive when they are sent (SSE)', async () => {
    setting.upstream.respond = () =>
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
    const client = await send('GET /up/x HTTP/1.1', 'Host: a');
    await client.see(/text\/event-stream[^]*\r\n\r\n/);
    setting.upstream.requests[0]!.socket.write('5\r\ndata1\r\n');
    await client.see(/data1/);
    setting.upstream.requests[0]!.socket.write('5\r\ndata2\r\n0\r\n\r\n');
    await client.see(/data2\r\n0\r\n\r\n$/);
  });

  test('a redirect is the client\u2019s to follow', async () => {
    setting.upstream.respond = () =>
      'HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n';
    assert.equal((await ask('GET /up/x')).status, 302);
    assert.equal(setting.upstream.requests.length, 1);
  });

  test('a 503 with Retry-After passes through once', async () => {
    setting.upstream.respond = () => 'HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy';
    const answer = await ask('GET /up/x');
    assert.deepEqual([answer.status, answer.headers['retry-after'], answer.body], [503, '7', 'busy']);
    assert.equal(setting.upstream.requests.length, 1);
  });

  test('103 reaches a direct client before the answer', async () => {
    setting.upstream.respond = () =>
      `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n${plainAnswer}`;
    const client = await send('GET /up/x HTTP/1.1', 'Host: a');
    await client.see(
      /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*ok$/i,
    );
  });

  test('pipelined requests are answered in order', async () => {
    setting.upstream.respond = ({ requestLine }) => {
      const body = requestLine.split(' ')[1]!;
      return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    };
    const client = await open();
    client.write(
      ['/up/1', '/up/2', '/up/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''),
    );
    await client.see(/\/up\/1[^]*\/up\/2[^]*\/up\/3$/);
  });
});

describe('answers that are none', () => {
  const invalid: readonly (readonly [string, string])[] = [
    ['garbage', 'garbage\r\n\r\n'],
    ['both framings', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!'],
    ['a status that is none', 'HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n'],
    ['a control character in a header', 'HTTP/1.1 200 OK\r\nX-A: a\u0001b\r\nContent-Length: 0\r\n\r\n'],
    ['a folded header', 'HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\nContent-Length: 0\r\n\r\n'],
    [
      'an upgrade nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    ],
    ['a head without end', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(40_000)}\r\n\r\n`],
    ['a flood of 1xx answers', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100)],
  ];
  for (const [what, bytes] of invalid) {
    test(`${what} is a 502 upstream_invalid, and the gateway lives`, async () => {
      setting.upstream.respond = () => bytes;
      const client = await send('GET /up/x HTTP/1.1', 'Host: a', 'Connection: close');
      await client.closed();
      const answers = readAnswers(client.received).filter(({ status }) => status >= 200);
      assertProblem(answers[0], 502, 'upstream_invalid');
      assert.equal(answers.length, 1);
      setting.upstream.respond = () => plainAnswer;
      assert.equal((await ask('GET /up/x')).status, 200);
    });
  }

  test('a connection that closes without an answer is a 502 and no second try of a POST', async () => {
    setting.upstream.respond = ({ socket }) => {
      socket.destroy();
    };
    assertProblem(await ask('POST /up/x', 'Content-Length: 0'), 502, 'upstream_invalid');
    assert.equal(setting.upstream.requests.length, 1);
  });

  test('a GET on a new connection that closes without an answer is sent once', async () => {
    for (const socket of setting.upstream.sockets) socket.destroy();
    setting.upstream.respond = ({ socket }) => {
      socket.destroy();
    };
    assertProblem(await ask('GET /up/x'), 502, 'upstream_invalid');
    assert.equal(setting.upstream.requests.length, 1);
  });

  test('an answer shorter than its length destroys the client’s connection', async () => {
    setting.upstream.respond = ({ socket }) => {
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort');
    };
    const client = await send('GET /up/x HTTP/1.1', 'Host: a');
    await client.closed();
    assert.match(client.received, /Content-Length: 10/i);
    assert.doesNotMatch(client.received, /HTTP\/1\.1 [^2]/);
  });

  test('a chunked answer that is cut destroys the client’s connection without its last chunk', async () => {
    setting.upstream.respond = ({ socket }) => {
      socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n');
    };
    const client = await send('GET /up/x HTTP/1.1', 'Host: a');
    await client.closed();
    assert.doesNotMatch(client.received, /0\r\n\r\n$/);
  });

  test('a reset in a body that ends with its connection is not taken for its end', async () => {
    setting.upstream.respond = ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\npart', () => socket.resetAndDestroy());
    };
    const client = await send('GET /up/x HTTP/1.1', 'Host: a');
    await client.closed();
    assert.doesNotMatch(client.received, /0\r\n\r\n$/);
  });

  test('bytes behind an answer discard the connection and reach nobody', async () => {
    setting.upstream.respond = () => `${plainAnswer}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen`;
    assert.equal((await ask('GET /up/x')).body, 'ok');
    setting.upstream.respond = () => plainAnswer;
    assert.equal((await ask('GET /up/y')).body, 'ok');
  });

  test('a service that cannot be reached is a 502 upstream_unreachable', async () => {
    assertProblem(await ask('GET /gone/x'), 502, 'upstream_unreachable');
  });

  test('no head within headers_ms is a 504 upstream_timeout', async () => {
    setting.upstream.respond = () => undefined;
    assertProblem(await ask('GET /up/x'), 504, 'upstream_timeout');
    assert.equal(setting.upstream.requests.length, 1);
  });

  test('silence longer than idle_ms after the head destroys the connection', async () => {
    setting.upstream.respond = () => 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart';
    const client = await send('GET /up/x HTTP/1.1', 'Host: a');
    await client.closed();
    assert.match(client.received, /part$/);
  });
});

describe('retries', () => {
  test('a target that is down is left out, and no request fails', async () => {
    for (let i = 0; i < 8; i++) assert.equal((await ask('POST /half/x', 'Content-Length: 0')).status, 200);
  });

  // The target that has just failed is no other one to go to.
  test('on the only target that is down come out of the budget', async () => {
    const answers: Answer[] = [];
    for (let i = 0; i < 30; i++) answers.push(await ask('GET /gone/x'));
    const entries = await Promise.all(
      answers.map((answer) => loggedExchange(setting.t.accessLogPath, answer)),
    );
    const retries = entries.reduce((sum, entry) => sum + entry.retries, 0);
    assert.ok(retries > 0 && retries < 20, `${retries} retries for 30 requests`);
  });

  test('a GET on a kept connection that died before the first byte is sent again', async () => {
    const client = await open();
    client.send('GET /up/1 HTTP/1.1', 'Host: a');
    await client.see(/ok$/);
    const { connection } = setting.upstream.requests[0]!;
    setting.upstream.respond = (request) => {
      if (request.connection !== connection) return plainAnswer;
      request.socket.destroy();
      return undefined;
    };
    client.received = '';
    client.send('GET /up/2 HTTP/1.1', 'Host: a');
    await client.see(/200 OK[^]*ok$/);
  });

  test('a POST on such a connection is not', async () => {
    const client = await open();
    client.send('GET /up/1 HTTP/1.1', 'Host: a');
    await client.see(/ok$/);
    setting.upstream.requests.length = 0;
    setting.upstream.respond = ({ socket }) => {
      socket.destroy();
    };
    client.received = '';
    client.send('POST /up/2 HTTP/1.1', 'Host: a', 'Content-Length: 0');
    await client.see(/502 Bad Gateway/);
    assert.equal(setting.upstream.requests.length, 1);
  });
});

describe('requests', () => {
  test('a body arrives byte for byte with its length', async () => {
    const client = await open();
    client.write('POST /up/x HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello');
    client.write(' world');
    await client.see(/ok$/);
    assert.match(setting.upstream.received, /content-length: 11\r\n\r\nhello world$/);
    assert.doesNotMatch(setting.upstream.received, /transfer-encoding/i);
  });

  test('a chunked body arrives chunked, without its trailer', async () => {
    const client = await open();
    setting.upstream.respond = () => undefined;
    client.write(
      'POST /up/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: x-user-id\r\n\r\n5\r\nhello\r\n0\r\nx-user-id: evil\r\n\r\n',
    );
    await until('the whole body', () => setting.upstream.received.endsWith('5\r\nhello\r\n0\r\n\r\n'));
    assert.doesNotMatch(setting.upstream.received, /evil/);
  });

  test('a length above the limit is a 413 at once, and the service gets nothing', async () => {
    const client = await send('POST /small/x HTTP/1.1', 'Host: a', 'Content-Length: 11');
    await client.closed();
    const [answer] = readAnswers(client.received);
    assertProblem(answer, 413, 'payload_too_large');
    assert.equal(answer!.headers['connection'], 'close');
    assert.equal(setting.upstream.received, '');
  });

  test('a chunked body above the limit is a 413, and the service sees an abort', async () => {
    setting.upstream.respond = () => undefined;
    const client = await open();
    client.write('POST /small/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    await until('the beginning', () => setting.upstream.received.includes('hello'));
    client.write('6\r\n world\r\n');
    await client.closed();
    assertProblem(readAnswers(client.received)[0], 413, 'payload_too_large');
    await until('the abort', () => setting.upstream.requests[0]!.socket.destroyed);
    assert.doesNotMatch(setting.upstream.received, /\r\n0\r\n\r\n$/);
  });

  test('100-continue is sent when the body is wanted, and only then', async () => {
    const client = await open();
    client.send('POST /up/x HTTP/1.1', 'Host: a', 'Content-Length: 2', 'Expect: 100-continue');
    await client.see(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
    client.write('hi');
    await client.see(/200 OK[^]*ok$/);
    assert.doesNotMatch(setting.upstream.received, /expect/i);

    const refused = await send('POST /none HTTP/1.1', 'Host: a', 'Content-Length: 2', 'Expect: 100-continue');
    await refused.closed();
    assert.match(refused.received, /^HTTP\/1\.1 404 /);
  });

  test('a chunked body that breaks off into garbage is a 400, and the service sees an abort', async () => {
    setting.upstream.respond = () => undefined;
    const client = await open();
    client.write('POST /up/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    await until('the beginning', () => setting.upstream.received.includes('hello'));
    client.write('zz\r\n');
    await client.closed();
    assertProblem(readAnswers(client.received)[0], 400, 'malformed_request');
    await until('the abort', () => setting.upstream.requests[0]!.socket.destroyed);
    assert.doesNotMatch(setting.upstream.received, /\r\n0\r\n\r\n$/);
  });

  test('a client of HTTP/1.0 gets a chunked answer without chunks, and the end by its close', async () => {
    setting.upstream.respond = () =>
      'HTTP/1.1 200 OK\r\nTrailer: x-a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n';
    const client = await send('GET /up/x HTTP/1.0', 'Host: a');
    await client.closed();
    assert.match(client.received, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/);
    assert.doesNotMatch(client.received, /chunked|trailer/i);
  });

  test('a client that leaves in its body reaches the service as an abort', async () => {
    setting.upstream.respond = () => undefined;
    const client = await open();
    client.write('POST /up/x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\npart');
    await until('the beginning', () => setting.upstream.received.includes('part'));
    client.close();
    await until('the abort', () => setting.upstream.requests[0]!.socket.destroyed);
  });

  test('a client that leaves while it waits reaches the service as an abort', async () => {
    setting.upstream.respond = () => undefined;
    const client = await send('GET /up/x HTTP/1.1', 'Host: a');
    await until('the request', () => setting.upstream.requests.length === 1);
    client.close();
    await until('the abort', () => setting.upstream.requests[0]!.socket.destroyed);
  });

  test('a body that stops coming is cut after idle_ms', async () => {
    setting.upstream.respond = () => undefined;
    const client = await open();
    client.write('POST /up/x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\npart');
    await client.closed();
    await until('the abort', () => setting.upstream.requests[0]!.socket.destroyed);
  });

  test('an answer that comes before the body ends is relayed, and the connection closes behind it', async () => {
    setting.upstream.respond = () => 'HTTP/1.1 403 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno';
    const client = await open();
    client.write('POST /up/x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\npart');
    await client.see(/403 No\r\n[^]*connection: close\r\n[^]*no$/i);
    await client.closed();
  });

  test('one more than max_pending is a 503 overloaded', async () => {
    setting.upstream.respond = () => undefined;
    const first = await send('GET /narrow/1 HTTP/1.1', 'Host: a');
    await until('the first', () => setting.upstream.requests.length === 1);
    assertProblem(await ask('GET /narrow/2'), 503, 'overloaded');
    setting.upstream.requests[0]!.socket.write(plainAnswer);
    await first.see(/ok$/);
  });

  test('a reader that takes nothing is cut after idle_ms, and memory stays flat meanwhile', async () => {
    setting.upstream.respond = ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n');
      const piece = Buffer.alloc(1_000_000);
      const more = () => {
        while (!socket.destroyed && socket.write(piece));
      };
      socket.on('drain', more);
      more();
    };
    const client = await open();
    client.socket.pause();
    client.send('GET /up/x HTTP/1.1', 'Host: a');
    await until('the request', () => setting.upstream.requests.length === 1);
    const { socket } = setting.upstream.requests[0]!;
    await until('the cut', () => socket.destroyed);
    assert.ok(socket.bytesWritten < 30_000_000, `${socket.bytesWritten} bytes were taken in`);
  });
});

describe('revocations on an answer of auth', () => {
  test('hold before the client gets the answer, and are not shown to him', async () => {
    const sid = '01a0c450-6c00-7000-8000-000000000001';
    const rows = [
      { kind: 'session', id: sid, not_before: Date.now() * 1000, until: Date.now() / 1000 + 600 },
    ].map((row) => ({ ...row, until: Math.floor(row.until) }));
    const header = Buffer.from(JSON.stringify(rows)).toString('base64url');
    setting.upstream.respond = () => `HTTP/1.1 204 No Content\r\nx-pi-revocations: ${header}\r\n\r\n`;
    setting.t.auth.answerHeaders['x-pi-revocations'] = header;
    const ids = { sid, sub: sid, jti: '01a0c450-6c00-7000-8000-000000000002' };
    assert.equal((await ask('GET /up/x')).headers['x-pi-revocations'], undefined);
    assert.equal(setting.t.deps.revocations.isRevoked(ids), false, 'only auth is believed');
    assert.equal((await ask('GET /auth/x')).headers['x-pi-revocations'], undefined);
    assert.equal(setting.t.deps.revocations.isRevoked(ids), true);
  });
});
