import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { forwardProof } from '@pi-gateway/gateway-link/gateway-proof.ts';
import { exchange, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import { createLog } from '@pi-gateway/log/log.ts';
import { startGateway } from './app.ts';
import { readGatewayConfig } from './config.ts';
import { openGatewayDeps } from './deps.ts';
import { masterKey } from './testing/fake-auth.ts';
import { RawClient } from './testing/raw-client.ts';
import { plainAnswer, RecordingUpstream } from './testing/recording-upstream.ts';
import { startTestGateway, type TestGateway, until } from './testing/start-test-gateway.ts';

let upstream: RecordingUpstream;
let t: TestGateway;
const trace = '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01';

const yaml = (more = '') => `
services:
  up: { targets: ["${upstream.origin}"] }
routes:
  - { path: /up/*, service: up, access: public }
  - { path: /limited/*, service: up, access: public, rate_limit: 2/60 }
  - { path: /slash/*, service: up, access: public, encoded_slashes: pass }
${more}`;

before(async () => {
  upstream = await RecordingUpstream.start();
  t = await startTestGateway(yaml());
});
after(async () => {
  await t.close();
  upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
  upstream.respond = () => plainAnswer;
});

const get = (path: string, init?: RequestInit) => fetch(`${t.gateway.url}${path}`, init);

async function raw(text: string) {
  return readAnswers(await exchange(t.port, text));
}

describe('built-in paths', () => {
  test('health, liveness and readiness answer GET and HEAD, and 405 with Allow else', async () => {
    for (const path of ['/health', '/livez', '/readyz']) {
      const answer = await get(path);
      assert.equal(answer.status, 200);
      assert.equal(((await answer.json()) as { status: string }).status, 'ok');
      assert.equal((await get(path, { method: 'HEAD' })).status, 200);
      const post = await get(path, { method: 'POST' });
      assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
    }
    assert.equal((await get('/health/')).status, 404);
    assert.equal((await get('/metrics')).status, 404);
  });

  test('the root tells what this is', async () => {
    const body = (await (await get('/')).json()) as { name: string; version: string; links: object };
    assert.deepEqual(Object.keys(body), ['name', 'version', 'links']);
    assert.equal((await get('/', { method: 'POST' })).status, 405);
  });

  test('the documents of auth are open, get no identity and no token, and are read-only', async () => {
    const answer = await get('/.well-known/jwks.json', { headers: { authorization: 'Bearer rubbish' } });
    assert.equal(answer.status, 200);
    const post = await get('/.well-known/jwks.json', { method: 'POST' });
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
  });

  test('a service’s questions go to auth with its own credentials and the proof, without an identity, POST only', async () => {
    for (const path of ['/oauth/introspect', '/oauth/revoke']) {
      t.auth.forwarded.length = 0;
      const headers = { authorization: 'Basic eDp5', 'x-user-id': 'forged', 'x-pi-gateway': 'forged' };
      await get(path, { method: 'POST', headers, body: new URLSearchParams({ token: 'x' }) });
      const fields = t.auth.forwarded[0]!;
      const values = (name: string) => fields.filter((_, i) => i % 2 === 1 && fields[i - 1] === name);
      assert.deepEqual(values('authorization'), ['Basic eDp5']);
      assert.deepEqual(values('x-user-id'), []);
      assert.deepEqual(values('x-pi-gateway'), [forwardProof(Buffer.from(masterKey, 'hex'))]);
      const answer = await get(path);
      assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'POST']);
      const big = await get(path, { method: 'POST', body: 'x'.repeat(16_385) });
      assert.equal(big.status, 413);
    }
  });

  test('TRACE is a 405 with Allow everywhere', async () => {
    for (const path of ['/up/x', '/health', '/nothing', '/']) {
      const [answer] = await raw(`TRACE ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      assert.equal(answer!.status, 405, path);
      assert.ok(answer!.headers['allow'], path);
    }
    assert.equal(upstream.requests.length, 0);
  });
});

describe('paths', () => {
  test('what has no safe canonical form is a 400 before anything else', async () => {
    const paths = [
      '/up/../x',
      '/up/%2e%2e/x',
      '/up/..;/x',
      '/up\\x',
      '/up/%5cx',
      '/up/%00',
      '/up/%252e',
      '/up/a%2Fb',
      '/up//x',
      '/up/%zz',
      '/nothing/../up',
    ];
    for (const path of paths) {
      const [answer] = await raw(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      assert.equal(answer!.status, 400, path);
    }
    assert.equal(upstream.requests.length, 0);
  });

  test('an encoded slash passes where the route says so, as it came', async () => {
    await raw('GET /slash/a%2Fb?q=%2e HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    assert.equal(upstream.requests[0]!.requestLine, 'GET /slash/a%2Fb?q=%2e HTTP/1.1');
  });
});

describe('limits', () => {
  test('a route\u2019s rate is told in headers, and a 429 says when to come back', async () => {
    const first = await get('/limited/x');
    assert.equal(first.headers.get('ratelimit'), '"route";r=1;t=30');
    assert.equal(first.headers.get('ratelimit-policy'), '"route";q=2;w=60');
    await get('/limited/x');
    const third = await get('/limited/x');
    assert.equal(third.status, 429);
    assert.ok(Number(third.headers.get('retry-after')) >= 1);
    assert.ok(third.headers.get('ratelimit') && third.headers.get('ratelimit-policy'));
  });
});

describe('trusted peers', () => {
  test('TRUSTED_PROXIES are believed about client, protocol, host, id and trace; 103 is not for them', async () => {
    const other = await startTestGateway(yaml(), { TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' });
    try {
      upstream.respond = () => `HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n${plainAnswer}`;
      const lines = [
        'X-Forwarded-For: 1.2.3.4, 203.0.113.9, 10.1.1.1',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Host: shop.example',
        'X-Request-Id: abcdef0123456789',
        `traceparent: ${trace}`,
        'tracestate: a=b',
      ];
      const text = await exchange(
        other.port,
        `GET /up/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines.join('\r\n')}\r\n\r\n`,
      );
      assert.match(text, /^HTTP\/1\.1 200 OK/);
      assert.deepEqual(upstream.values('x-forwarded-for'), ['203.0.113.9']);
      assert.deepEqual(upstream.values('x-forwarded-proto'), ['https']);
      assert.deepEqual(upstream.values('x-forwarded-host'), ['shop.example']);
      assert.deepEqual(upstream.values('x-request-id'), ['abcdef0123456789']);
      assert.deepEqual(upstream.values('traceparent'), [trace]);
      assert.deepEqual(upstream.values('tracestate'), ['a=b']);
    } finally {
      await other.close();
    }
  });

  test('whoever comes over GATEWAY_SOCKET is our entry', async () => {
    const path = join(t.folder, 'entry.sock');
    const other = await startTestGateway(yaml(), { GATEWAY_SOCKET: path });
    try {
      const client = await RawClient.openPath(path);
      client.send(
        'GET /up/x HTTP/1.1',
        'Host: a',
        'X-Forwarded-For: 9.9.9.9, 198.51.100.7',
        'X-Forwarded-Proto: https',
        'Connection: close',
      );
      await client.closed();
      assert.match(client.received, /200 OK/);
      assert.deepEqual(upstream.values('x-forwarded-for'), ['198.51.100.7']);
      assert.deepEqual(upstream.values('x-forwarded-proto'), ['https']);
    } finally {
      await other.close();
    }
  });
});

describe('reload', () => {
  test('a changed file is in force by itself; a request under way ends on the old one', async () => {
    upstream.respond = () => undefined;
    const slow = await RawClient.open(t.port);
    slow.send('GET /up/slow HTTP/1.1', 'Host: a');
    await until('the slow request', () => upstream.requests.length === 1);
    writeFileSync(t.configPath, yaml().replace('/up/*', '/new/*'));
    upstream.respond = () => plainAnswer;
    await until('the new route', () => t.gateway.reload().kind === 'unchanged');
    assert.equal((await get('/new/x')).status, 200);
    assert.equal((await get('/up/x')).status, 404);
    upstream.requests[0]!.socket.write(plainAnswer);
    await slow.see(/200 OK[^]*ok$/);
    slow.close();
    writeFileSync(t.configPath, yaml());
    const endMs = Date.now() + 5000;
    // By the watch alone.
    while ((await get('/up/x')).status !== 200) assert.ok(Date.now() < endMs, 'the watch saw nothing');
  });

  test('an error refuses the whole file, and the routes before it go on', async () => {
    writeFileSync(t.configPath, yaml('  - { path: /more/*, servce: up }'));
    const result = t.gateway.reload();
    assert.equal(result.kind, 'refused');
    assert.match(
      result.kind === 'refused' ? result.errors.join('\n') : '',
      /gateway\.yaml:8:22: unknown key "servce".*did you mean "service"/,
    );
    assert.equal((await get('/up/x')).status, 200);
    const metrics = await (await fetch(`${t.gateway.metricsUrl}/metrics`)).text();
    assert.match(metrics, /pi_gateway_config_reloads_total\{result="refused"\} [1-9]/);
    assert.match(metrics, /^pi_gateway_config_refused 1$/m);
    writeFileSync(t.configPath, yaml());
    t.gateway.reload();
    const mended = await (await fetch(`${t.gateway.metricsUrl}/metrics`)).text();
    assert.match(mended, /^pi_gateway_config_refused 0$/m);
  });

  test('a request that has to be sent again after its service was changed is', async () => {
    assert.equal((await get('/up/warm')).status, 200);
    upstream.respond = () => undefined;
    const answer = get('/up/again');
    const first = await until('the first try', () => upstream.requests[1]);
    writeFileSync(t.configPath, yaml().replace('] }', '], max_pending: 9 }'));
    assert.equal(t.gateway.reload().kind, 'applied');
    upstream.respond = () => plainAnswer;
    first.socket.destroy();
    assert.equal((await answer).status, 200);
    writeFileSync(t.configPath, yaml());
    t.gateway.reload();
  });

  test('a WebSocket survives a reload', async () => {
    upstream.respond = () =>
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    const client = await RawClient.open(t.port);
    client.send('GET /up/ws HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket');
    await client.see(/101/);
    writeFileSync(t.configPath, yaml().replace('/slash/*', '/other/*'));
    assert.equal(t.gateway.reload().kind, 'applied');
    upstream.requests[0]!.socket.write('still here');
    await client.see(/still here/);
    client.close();
    writeFileSync(t.configPath, yaml());
    t.gateway.reload();
  });
});

describe('sight', () => {
  test('each request is one line of JSON, refused ones too, without query and token', async () => {
    await get('/up/x?secret=1', { headers: { authorization: 'Bearer hidden' } });
    const refused = await get('/nothing');
    const id = refused.headers.get('x-request-id')!;
    await until('the lines', () => readFileSync(t.accessLogPath, 'utf8').includes(id));
    const text = readFileSync(t.accessLogPath, 'utf8');
    assert.doesNotMatch(text, /secret|hidden/);
    const line = JSON.parse(text.split('\n').find((one) => one.includes(id))!) as Record<string, unknown>;
    assert.deepEqual(
      [line['status'], line['reason'], line['path'], line['route'], line['client']],
      [404, 'not_found', '/nothing', null, '127.0.0.1'],
    );
  });

  test('metrics stand on their own port, with labels from closed sets', async () => {
    await get('/nothing/at/all/123');
    const text = await (await fetch(`${t.gateway.metricsUrl}/metrics`)).text();
    assert.doesNotMatch(text, /at\/all/);
    for (const name of [
      'pi_gateway_requests_total',
      'pi_gateway_request_duration_seconds',
      'pi_gateway_upstream_duration_seconds',
      'pi_revocation_lag_seconds',
      'pi_revocations',
      'pi_jwks_age_seconds',
      'pi_limiter_shared',
      'pi_gateway_config_info',
      'pi_gateway_config_reloads_total',
    ]) {
      assert.match(text, new RegExp(`^# TYPE ${name} `, 'm'));
    }
    assert.equal((await fetch(`${t.gateway.metricsUrl}/`)).status, 404);
  });
});

describe('start and end', () => {
  const log = createLog({ service: 'gateway', level: 'silent' });

  async function start(env: Record<string, string>) {
    const config = readGatewayConfig({
      MASTER_KEY: masterKey,
      AUTH_URL: t.auth.origin,
      GATEWAY_PORT: '0',
      GATEWAY_METRICS_PORT: 'off',
      GATEWAY_ACCESS_LOG: 'off',
      GATEWAY_CONFIG: t.configPath,
      ...env,
    });
    const deps = await openGatewayDeps(config, { log, revocations: t.feed });
    return startGateway(config, deps);
  }

  test('a port that is taken is one line that names the setting', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    await assert.rejects(start({ GATEWAY_PORT: String(port) }), (error: Error) => {
      assert.match(error.message, new RegExp(`^GATEWAY_PORT: 127\\.0\\.0\\.1:${port} is in use[^\\n]*$`));
      return true;
    });
    taken.close();
  });

  test('a file that is missing or wrong is a line that names the place', async () => {
    await assert.rejects(
      start({ GATEWAY_CONFIG: '/nowhere.yaml' }),
      /^Error: \/nowhere\.yaml:1:1: cannot be read \(ENOENT\)$/,
    );
  });

  test('a missing master key is one line that says how to make one', () => {
    assert.throws(() => readGatewayConfig({}), /^SettingError: MASTER_KEY: is missing; [^\n]+$/);
  });

  test('close lets a request under way finish and takes no new ones', async () => {
    upstream.respond = () => undefined;
    const gateway = await start({});
    const client = await RawClient.open(Number(new URL(gateway.url).port));
    client.send('GET /up/x HTTP/1.1', 'Host: a');
    await until('the request', () => upstream.requests.length === 1);
    const closing = gateway.close();
    await assert.rejects(RawClient.open(Number(new URL(gateway.url).port)));
    upstream.requests[0]!.socket.write(plainAnswer);
    await client.see(/200 OK[^]*ok$/);
    await client.closed();
    await closing;
  });

  test('while balancers learn of it by /readyz, requests are still served, on new connections too', async () => {
    upstream.respond = () => plainAnswer;
    const gateway = await start({ SHUTDOWN_DELAY_MS: '1500' });
    assert.equal((await fetch(`${gateway.url}/readyz`)).status, 200);
    const closing = gateway.close();
    assert.equal((await fetch(`${gateway.url}/readyz`, { headers: { connection: 'close' } })).status, 503);
    assert.equal((await fetch(`${gateway.url}/livez`, { headers: { connection: 'close' } })).status, 200);
    const client = await RawClient.open(Number(new URL(gateway.url).port));
    client.send('GET /up/x HTTP/1.1', 'Host: a');
    await client.see(/200 OK[^]*ok$/);
    await closing;
    await assert.rejects(RawClient.open(Number(new URL(gateway.url).port)));
  });

  test('a WebSocket that a service accepts after the close began does not hold it up', async () => {
    upstream.respond = () => undefined;
    const gateway = await start({});
    const client = await RawClient.open(Number(new URL(gateway.url).port));
    client.send('GET /up/ws HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket');
    await until('the request', () => upstream.requests.length === 1);
    const closing = gateway.close();
    upstream.requests[0]!.socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    );
    await client.closed();
    await closing;
  });
});
