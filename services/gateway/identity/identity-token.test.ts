// The word of the gateway as a service hears it: through the whole gateway, judged by the verifier that services use.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  createInternalTokenVerifier,
  type InternalTokenVerifier,
} from '@pi-gateway/access-token/create-internal-token-verifier.ts';
import { assertProblem, exchange, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import { publicUrl } from '../testing/fake-auth.ts';
import { RawClient } from '../testing/raw-client.ts';
import { RecordingUpstream } from '../testing/recording-upstream.ts';
import { startTestGateway, type TestGateway, until } from '../testing/start-test-gateway.ts';

let upstream: RecordingUpstream;
let t: TestGateway;
let other: TestGateway;
let orders: InternalTokenVerifier;
let billing: InternalTokenVerifier;

const yaml = () => `
services:
  orders: { targets: ["${upstream.origin}"], identity: token }
  billing: { targets: ["${upstream.origin}"], identity: token, forward_token: true }
  plain: { targets: ["${upstream.origin}"] }
routes:
  - { path: "/orders/{id}", service: orders }
  - { path: /orders/open, service: orders, access: public }
  - { path: /orders/maybe, service: orders, access: optional }
  - { path: /orders/admin, service: orders, access: { roles: [admin] } }
  - { path: /billing/*, service: billing }
  - { path: /plain/*, service: plain }
`;

before(async () => {
  upstream = await RecordingUpstream.start();
  t = await startTestGateway(yaml());
  other = await startTestGateway(yaml());
  // Keys from the one gateway, tokens from the other.
  const jwksUrl = `${other.gateway.url}/.well-known/gateway-jwks.json`;
  orders = createInternalTokenVerifier({ gateway: publicUrl, audience: 'orders', jwksUrl });
  billing = createInternalTokenVerifier({ gateway: publicUrl, audience: 'billing', jwksUrl });
});
after(async () => {
  orders.close();
  billing.close();
  await t.close();
  await other.close();
  upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
  upstream.received = '';
});

async function ask(line: string, token?: string, ...more: string[]) {
  const lines = token === undefined ? more : [`Authorization: Bearer ${token}`, ...more];
  const head = [`${line} HTTP/1.1`, 'Host: a.example', ...lines, 'Connection: close'].join('\r\n');
  return readAnswers(await exchange(t.port, `${head}\r\n\r\n`))[0];
}

const rawHeaders = () => upstream.requests.at(-1)!.fields.flat();

describe('a service with identity: token', () => {
  test('gets one token in place of the identity headers, which any gateway\u2019s keys verify', async () => {
    const sub = '0190a000-0000-7000-8000-00000000000a';
    assert.equal((await ask('GET /orders/7?x=1', await t.auth.token({ sub, role: 'admin' })))?.status, 200);
    const check = await orders.verify(rawHeaders(), { method: 'GET', route: '/orders/{id}' });
    assert.ok(check.kind === 'valid', JSON.stringify(check));
    assert.deepEqual([check.claims.sub, check.claims.roles], [sub, ['admin']]);
    for (const name of ['x-user-id', 'x-user-roles', 'x-session-id', 'authorization']) {
      assert.deepEqual(upstream.values(name), [], name);
    }
  });

  test('one service\u2019s token is nothing to another', async () => {
    await ask('GET /billing/x', await t.auth.token());
    assert.equal((await billing.verify(rawHeaders())).kind, 'valid');
    assert.deepEqual(await orders.verify(rawHeaders()), { kind: 'invalid', reason: 'audience' });
    await ask('GET /plain/x', await t.auth.token());
    assert.deepEqual(await orders.verify(rawHeaders()), { kind: 'missing' });
  });

  test('a caller who is not known has none, and none that he forged', async () => {
    const token = await t.auth.token();
    await ask('GET /orders/7', token);
    const [stolen = ''] = upstream.values('x-pi-identity');
    const forged = ['x-pi-identity', 'X-Pi-Identity', 'x_pi_identity', 'X.PI.IDENTITY', 'xpiidentity'];
    for (const path of ['/orders/open', '/orders/maybe']) {
      const credentials = path === '/orders/open' ? token : undefined;
      await ask(`GET ${path}`, credentials, ...forged.map((name) => `${name}: ${stolen}`));
      assert.deepEqual(await orders.verify(rawHeaders()), { kind: 'missing' });
      assert.doesNotMatch(upstream.requests.at(-1)!.head, /identity/i);
    }
  });

  test('two requests of a session are told with one signature, two methods with two', async () => {
    const token = await t.auth.token();
    const told: string[] = [];
    for (const line of ['GET /orders/1', 'GET /orders/2', 'DELETE /orders/2']) {
      await ask(line, token);
      told.push(...upstream.values('x-pi-identity'));
    }
    assert.deepEqual([told.length, told[0] === told[1], told[1] === told[2]], [3, true, false]);
  });

  test('a session that has ended, or lost its role, gets nothing of what was signed for it', async () => {
    const [sid, sub] = ['01a0c450-6c00-7000-8000-000000000001', '01a0c450-6c00-7000-8000-000000000003'];
    const token = await t.auth.token({ sid, sub, role: 'admin' });
    assert.equal((await ask('GET /orders/admin', token))?.status, 200);
    const demoted = await t.auth.token({ sid, sub, role: 'user' });
    assertProblem(await ask('GET /orders/admin', demoted), 403, 'insufficient_role');
    assert.equal((await ask('GET /orders/7', demoted))?.status, 200);
    const check = await orders.verify(rawHeaders());
    assert.deepEqual(check.kind === 'valid' && check.claims.roles, ['user']);
    const until_ = Math.floor(Date.now() / 1000) + 600;
    t.deps.revocations.apply([{ kind: 'session', id: sid, notBefore: Date.now() * 1000, until: until_ }]);
    upstream.requests.length = 0;
    assertProblem(await ask('GET /orders/7', demoted), 401, 'invalid_token');
    assert.equal(upstream.requests.length, 0);
  });

  test('a WebSocket is told the same way', async () => {
    upstream.respond = () =>
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n';
    const client = await RawClient.open(t.port);
    client.send(
      'GET /orders/7 HTTP/1.1',
      'Host: a',
      'Connection: upgrade',
      'Upgrade: websocket',
      `Authorization: Bearer ${await t.auth.token()}`,
    );
    await client.see(/101 Switching/);
    assert.equal((await orders.verify(rawHeaders())).kind, 'valid');
    client.close();
    upstream.respond = () => 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
  });
});

describe('no token of one kind is one of the other', () => {
  test('an internal token opens nothing at the gateway, and no service\u2019s answer gives one away', async () => {
    upstream.respond = ({ fields }) => {
      const [, token] = fields.find(([name]) => name === 'x-pi-identity') ?? [];
      return `HTTP/1.1 200 OK\r\nx-pi-identity: ${token}\r\ncontent-length: 0\r\n\r\n`;
    };
    const answer = await ask('GET /orders/7', await t.auth.token());
    assert.equal(answer?.headers['x-pi-identity'], undefined);
    const [internal = ''] = upstream.values('x-pi-identity');
    for (const path of ['/orders/7', '/plain/x', '/orders/maybe']) {
      assertProblem(await ask(`GET ${path}`, internal), 401, 'invalid_token');
    }
    upstream.respond = () => 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
  });

  test('an access token is no internal token', async () => {
    const check = await orders.verify(['x-pi-identity', await t.auth.token()]);
    assert.deepEqual(check, { kind: 'invalid', reason: 'header' });
  });

  test('/verify gives no token, for whoever asks it may be the client himself', async () => {
    const answer = await ask('GET /verify', await t.auth.token(), 'X-Original-URI: /orders/7');
    assert.equal(answer?.status, 200);
    assert.equal(answer?.headers['x-pi-identity'], undefined);
    assert.equal(answer?.headers['x-user-roles'], 'user');
  });
});

describe('the keys', () => {
  test('are the gateway\u2019s own: no route takes their place, and auth\u2019s set is another', async () => {
    const url = `${t.gateway.url}/.well-known/gateway-jwks.json`;
    const answer = await fetch(url);
    assert.equal(answer.headers.get('content-type'), 'application/json');
    const { keys } = (await answer.json()) as { keys: { kid: string; d?: string }[] };
    assert.ok(keys.length === 5 && keys.every(({ kid, d }) => kid.startsWith('gw-') && d === undefined));
    assert.equal((await fetch(url, { method: 'POST' })).status, 405);
    const auths = (await (await fetch(`${t.gateway.url}/.well-known/jwks.json`)).json()) as typeof answer;
    assert.doesNotMatch(JSON.stringify(auths), /gw-/);
  });

  test('of a new epoch are verified before all gateways are told of it; the old ones no longer', async () => {
    const renewed = await startTestGateway(yaml(), { GATEWAY_IDENTITY_EPOCH: '2' });
    const [before, later] = [t, renewed].map(({ gateway }) =>
      createInternalTokenVerifier({
        gateway: publicUrl,
        audience: 'orders',
        jwksUrl: `${gateway.url}/.well-known/gateway-jwks.json`,
      }),
    ) as [InternalTokenVerifier, InternalTokenVerifier];
    await ask('GET /orders/7', await t.auth.token());
    const [old = ''] = upstream.values('x-pi-identity');
    const token = await renewed.auth.token();
    await fetch(`${renewed.gateway.url}/orders/7`, { headers: { authorization: `Bearer ${token}` } });
    const [fresh = ''] = upstream.values('x-pi-identity');
    await until('both have keys', async () => (await later.verify(fresh)).kind === 'valid');
    assert.equal((await before.verify(fresh)).kind, 'valid');
    assert.deepEqual(await later.verify(old), { kind: 'invalid', reason: 'unknown_key' });
    before.close();
    later.close();
    await renewed.close();
  });
});
