// HTTP/2 between clients and the entrance, as it is shipped: real nginx with TLS, the gateway in HTTP/1.1 behind it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { RecordingUpstream } from '@pi-gateway/gateway/testing/recording-upstream.ts';
import { startTestGateway, type TestGateway } from '@pi-gateway/gateway/testing/start-test-gateway.ts';
import { makeAuthority } from '../../launch/testing/certificates.ts';
import { type Entry, freePort, startEntryIn } from '../testing/start-entry.ts';

const folder = mkdtempSync(join(tmpdir(), 'pi-http2-'));
const authority = makeAuthority();
let upstream: RecordingUpstream;
let t: TestGateway;
let entry: Entry;
let tlsPort: number;
const sessions: ClientHttp2Session[] = [];

before(async () => {
  upstream = await RecordingUpstream.start();
  t = await startTestGateway(
    `
services:
  up: { targets: ["${upstream.origin}"] }
routes:
  - { path: /open/*, service: up, access: public }
  - { path: /private/*, service: up }
`,
    { TRUSTED_PROXIES: '127.0.0.1/32' },
  );
  const { certificate, key } = authority.issue({ names: ['localhost'] });
  const [certificateFile, keyFile] = [join(folder, 'entry.pem'), join(folder, 'entry.key')];
  writeFileSync(certificateFile, certificate);
  writeFileSync(keyFile, key, { mode: 0o600 });
  tlsPort = await freePort();
  const tls = { listen: `127.0.0.1:${tlsPort}`, certificateFile, keyFile };
  entry = await startEntryIn(join(folder, 'run'), { gateways: [`127.0.0.1:${t.port}`], tls });
});
after(async () => {
  await entry.stop();
  await t.close();
  upstream.close();
  rmSync(folder, { recursive: true, force: true });
});
const plain = () => 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
beforeEach(() => {
  upstream.requests.length = 0;
  upstream.received = '';
  upstream.respond = plain;
});
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
});

async function open(): Promise<ClientHttp2Session> {
  const session = connect(`https://localhost:${tlsPort}`, { ca: authority.certificate });
  sessions.push(session);
  session.on('error', () => {});
  await Promise.all([once(session, 'connect'), once(session, 'remoteSettings')]);
  return session;
}

type Answer = {
  readonly headers: Record<string, unknown>;
  readonly body: string;
  readonly trailers: unknown;
};

async function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body = ''): Promise<Answer> {
  const stream = session.request({ ':path': '/open/x', ...headers }, { endStream: body === '' });
  if (body !== '') stream.end(body);
  let trailers: unknown;
  stream.on('trailers', (fields) => (trailers = fields));
  const [answered] = (await once(stream, 'response')) as [Record<string, unknown>];
  let text = '';
  for await (const chunk of stream.setEncoding('latin1')) text += chunk as string;
  return { headers: answered, body: text, trailers };
}

describe('a client that speaks HTTP/2', () => {
  test('reaches the service, which is told his host and scheme', async () => {
    const session = await open();
    assert.equal(session.alpnProtocol, 'h2');
    const { headers, body } = await ask(
      session,
      { ':method': 'POST', ':path': '/open/a?b=%20c' },
      'an order',
    );
    assert.deepEqual([headers[':status'], body], [200, 'ok']);
    assert.equal(upstream.requests[0]!.requestLine, 'POST /open/a?b=%20c HTTP/1.1');
    assert.match(upstream.received, /\r\n\r\n(?:8\r\n)?an order/);
    assert.deepEqual(upstream.values('x-forwarded-proto'), ['https']);
    assert.deepEqual(upstream.values('x-forwarded-host'), [`localhost:${tlsPort}`]);
  });

  test('gets the pieces of a stream as they are sent', async () => {
    upstream.respond = () => 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n';
    const stream = (await open()).request({ ':path': '/open/x' });
    const [first] = (await once(stream, 'data')) as [Buffer];
    assert.equal(first.toString(), 'first');
    upstream.requests[0]!.socket.write('4\r\nlast\r\n0\r\n\r\n');
    const [last] = (await once(stream, 'data')) as [Buffer];
    assert.equal(last.toString(), 'last');
    await once(stream, 'end');
  });

  test('names no caller that the gateway does not know', async () => {
    await ask(await open(), { 'x-user-id': 'forged', x_user_id: 'forged', 'x-pi-identity': 'forged' });
    assert.equal(upstream.requests.length, 1);
    assert.doesNotMatch(upstream.received, /forged/);
  });

  test('is refused by the gateway and by nginx in problem documents', async () => {
    const session = await open();
    for (const [request, status, code] of [
      [{ ':path': '/private/x' }, 401, 'missing_token'],
      [{ ':path': '/none' }, 404, 'not_found'],
      [{ ':method': 'TRACE' }, 405, 'method_not_allowed'],
      [{ ':path': '/open/x', expect: 'a-miracle' }, 417, 'expectation_failed'],
    ] as const) {
      const { headers, body } = await ask(session, request);
      assert.deepEqual(
        [headers[':status'], headers['content-type'], (JSON.parse(body) as { code: string }).code],
        [status, 'application/problem+json', code],
      );
    }
    assert.equal(upstream.requests.length, 0);
  });

  test('may not name two hosts', async () => {
    const session = await open();
    const { headers } = await ask(session, { ':authority': 'a.example', host: 'b.example' });
    assert.equal(headers[':status'], 400);
    assert.equal(upstream.requests.length, 0);
  });

  test('with gRPC is refused in a way that its library understands', async () => {
    const type = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };
    const { headers } = await ask(await open(), type, '\0\0\0\0\0');
    assert.deepEqual([headers[':status'], headers['grpc-status']], [501, '12']);
  });

  test('gets answers whole but without their trailers, which nginx does not pass on', async () => {
    upstream.respond = () =>
      'HTTP/1.1 200 OK\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 1\r\n\r\n';
    const { body, trailers } = await ask(await open(), {});
    assert.deepEqual([body, trailers], ['ok', undefined]);
  });
});

describe('one connection is bounded', () => {
  test('to a hundred requests at once', async () => {
    assert.equal((await open()).remoteSettings.maxConcurrentStreams, 100);
  });

  test('to a thousand in all, those reset at once too; the next connection is served', async () => {
    const session = await open();
    let answers = 0;
    const signal = AbortSignal.timeout(5000);
    const ends = Promise.all([once(session, 'goaway', { signal }), once(session, 'close', { signal })]);
    while (!session.closed && !session.destroyed && answers++ < 3000) {
      const stream = session.request({ ':path': '/open/x' });
      stream.on('error', () => {});
      stream.close(constants.NGHTTP2_CANCEL);
      if (answers % 50 === 0) await new Promise(setImmediate);
    }
    await ends;
    assert.equal((await ask(await open(), {})).headers[':status'], 200);
  });
});
