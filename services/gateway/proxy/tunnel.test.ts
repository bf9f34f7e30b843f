import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { assertProblem, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { newKey } from '../testing/fake-auth.ts';
import { gatewayOnUpstream } from '../testing/gateway-on-upstream.ts';
import type { RawClient } from '../testing/raw-client.ts';
import { plainAnswer } from '../testing/recording-upstream.ts';
import { until } from '../testing/start-test-gateway.ts';

const switching =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';
const upgrade = [
  'Host: a.example',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

const setting = gatewayOnUpstream(
  (origin) => `
services:
  up: { targets: ["${origin}"], timeouts: { tunnel_idle_ms: 400 } }
  long: { targets: ["${origin}"] }
routes:
  - { path: /ws/*, service: long }
  - { path: /idle/*, service: up, access: public }
`,
  () => switching,
);

async function ask(path: string, ...lines: string[]): Promise<RawClient> {
  return setting.send(`GET ${path} HTTP/1.1`, ...lines);
}

async function connect(token: string): Promise<RawClient> {
  const client = await ask('/ws/x', ...upgrade, `Authorization: Bearer ${token}`);
  await client.see(/101 Switching Protocols[^]*\r\n\r\n$/);
  return client;
}

describe('WebSocket', () => {
  test('bytes go both ways, identity goes with the request, and the head is the service\u2019s own', async () => {
    const client = await connect(await setting.t.auth.token());
    assert.match(client.received, /Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/);
    assert.equal(client.received.match(/x-request-id:/gi)?.length, 1);
    assert.equal(setting.upstream.values('x-user-id').length, 1);
    assert.deepEqual(setting.upstream.values('upgrade'), ['websocket']);
    assert.deepEqual(setting.upstream.values('sec-websocket-key'), ['dGhlIHNhbXBsZSBub25jZQ==']);
    client.write('ping');
    await until('the ping', () => setting.upstream.received.endsWith('ping'));
    setting.upstream.requests[0]!.socket.write('pong');
    await client.see(/pong$/);
  });

  test('what was sent right behind the request is not lost, in either direction', async () => {
    const token = await setting.t.auth.token();
    setting.upstream.respond = () => `${switching}early`;
    const client = await setting.open();
    client.write(
      [`GET /ws/x HTTP/1.1`, ...upgrade, `Authorization: Bearer ${token}`, '', 'first'].join('\r\n'),
    );
    await client.see(/early$/);
    await until('the first bytes', () => setting.upstream.received.endsWith('first'));
  });

  test('what is sent while the service thinks is not lost', async () => {
    setting.upstream.respond = () => undefined;
    const token = await setting.t.auth.token();
    const client = await setting.send('GET /ws/x HTTP/1.1', ...upgrade, `Authorization: Bearer ${token}`);
    await until('the request', () => setting.upstream.requests.length === 1);
    client.write('early');
    setting.upstream.requests[0]!.socket.write(switching);
    client.write('late');
    await until('all of it', () => setting.upstream.received.endsWith('earlylate'));
  });

  test('the token is checked before anything reaches the service', async () => {
    const none = await ask('/ws/x', ...upgrade);
    await none.closed();
    assertProblem(readAnswers(none.received)[0], 401, 'missing_token');
    const bad = await ask('/ws/x', ...upgrade, 'Authorization: Bearer bad');
    await bad.closed();
    assertProblem(readAnswers(bad.received)[0], 401, 'invalid_token');
    assert.equal(setting.upstream.received, '');
  });

  test('a refusal of the service is relayed as it is', async () => {
    setting.upstream.respond = () =>
      'HTTP/1.1 426 Upgrade Required\r\nX-Why: version\r\nContent-Length: 3\r\n\r\nwhy';
    const client = await ask('/ws/x', ...upgrade, `Authorization: Bearer ${await setting.t.auth.token()}`);
    await client.closed();
    assert.match(client.received, /^HTTP\/1\.1 426 Upgrade Required\r\nX-Why: version\r\n[^]*why$/);
  });

  test('a switch to another protocol is a 502', async () => {
    setting.upstream.respond = () => switching.replace('Upgrade: websocket', 'Upgrade: other');
    const client = await ask('/ws/x', ...upgrade, `Authorization: Bearer ${await setting.t.auth.token()}`);
    await client.closed();
    assertProblem(readAnswers(client.received)[0], 502, 'upstream_invalid');
  });

  test('any other upgrade is ignored', async () => {
    setting.upstream.respond = () => plainAnswer;
    const client = await ask('/idle/x', 'Host: a', 'Connection: Upgrade', 'Upgrade: h2c');
    await client.see(/200 OK[^]*ok$/);
    assert.deepEqual(setting.upstream.values('upgrade'), []);
  });

  test('closes within two seconds of the revocation of its session', async () => {
    const sid = uuidV7(Date.now() * 1000);
    const client = await connect(await setting.t.auth.token({ sid }));
    const other = await connect(await setting.t.auth.token());
    const begunMs = Date.now();
    await setting.t.feed.publish([
      { kind: 'session', id: sid, notBefore: begunMs * 1000, until: Math.floor(begunMs / 1000) + 600 },
    ]);
    await client.closed();
    assert.ok(Date.now() - begunMs < 2000);
    await until('the other side', () => setting.upstream.requests[0]!.socket.destroyed);
    assert.equal(other.isClosed, false);
  });

  test('closes within two seconds of the withdrawal of the key that signed its token', async () => {
    const kid = uuidV7(Date.now() * 1000);
    const key = await newKey(kid);
    setting.t.auth.keys.push(key);
    const client = await connect(await setting.t.auth.token({ key }));
    const other = await connect(await setting.t.auth.token());
    const begunMs = Date.now();
    await setting.t.feed.publish([
      { kind: 'key', id: kid, notBefore: begunMs * 1000, until: Math.floor(begunMs / 1000) + 600 },
    ]);
    await client.closed();
    assert.ok(Date.now() - begunMs < 2000);
    assert.equal(other.isClosed, false);
    setting.t.auth.keys.pop();
  });

  test('closes within two seconds of the expiry of its token, whatever the leeway', async () => {
    const client = await connect(await setting.t.auth.token({ lifeSeconds: 1 }));
    const expiredMs = Date.now() + 1000;
    await client.closed();
    assert.ok(Date.now() - expiredMs < 2000);
    await until('the other side', () => setting.upstream.requests[0]!.socket.destroyed);
  });

  test('an end on one side ends the other', async () => {
    const client = await connect(await setting.t.auth.token());
    setting.upstream.requests[0]!.socket.end('bye');
    await client.see(/bye$/);
    await client.closed();
    const second = await connect(await setting.t.auth.token());
    second.close();
    await until('the other side', () => setting.upstream.requests[1]!.socket.destroyed);
  });

  test('a tunnel that is silent both ways for tunnel_idle_ms is closed', async () => {
    const client = await ask('/idle/x', ...upgrade);
    await client.see(/101 Switching Protocols/);
    await client.closed();
  });

  test('is recorded once, when it ends', async () => {
    const client = await connect(await setting.t.auth.token());
    const [, id] = await client.see(/x-request-id: (\S+)/);
    client.close();
    await until('the end', () => setting.upstream.requests[0]!.socket.destroyed);
    await until('the line', () => readLog(setting.t.accessLogPath).some((line) => line.includes(id!)));
    const lines = readLog(setting.t.accessLogPath).filter((line) => line.includes(id!));
    assert.equal(lines.length, 1);
    assert.equal((JSON.parse(lines[0]!) as { status: number }).status, 101);
  });
});

function readLog(path: string): string[] {
  return readFileSync(path, 'utf8').trim().split('\n');
}
