import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { RecordingUpstream } from '../testing/recording-upstream.ts';
import { startTestGateway, type TestGateway, until } from '../testing/start-test-gateway.ts';

let lagMs = 0;
let upstream: RecordingUpstream;
let t: TestGateway;

before(async () => {
  upstream = await RecordingUpstream.start();
  t = await startTestGateway(
    `
services:
  auth: { targets: ["\${AUTH_URL}"] }
  up: { targets: ["${upstream.origin}"] }
routes:
  - { path: /low, service: up, access: public, priority: low }
  - { path: /normal, service: up, access: public }
  - { path: /high, service: up, access: public, priority: high }
  - { path: /critical, service: up, access: public, priority: critical }
  - { path: /auth/*, service: auth, access: public }
`,
    { GATEWAY_SHED_LAG_MS: '300' },
    { loopLagMs: () => lagMs },
  );
});
after(async () => {
  await t.close();
  upstream.close();
});
beforeEach(() => {
  upstream.requests.length = 0;
});

const get = (path: string, init?: RequestInit) => fetch(`${t.gateway.url}${path}`, init);
const statuses = async () => {
  const paths = ['/low', '/normal', '/high', '/critical', '/auth/login', '/health', '/.well-known/jwks.json'];
  const answers = await Promise.all(paths.map((path) => get(path)));
  return answers.map(({ status }) => status);
};

test('the less important routes go first; signing in, keys and health are never refused', async () => {
  const table = [
    [0, [200, 200, 200, 200, 204, 200, 200]],
    [100, [200, 200, 200, 200, 204, 200, 200]],
    [250, [503, 200, 200, 200, 204, 200, 200]],
    [700, [503, 503, 200, 200, 204, 200, 200]],
    [60_000, [503, 503, 503, 200, 204, 200, 200]],
    [0, [200, 200, 200, 200, 204, 200, 200]],
  ] as const;
  for (const [lag, expected] of table) {
    lagMs = lag;
    assert.deepEqual(await statuses(), expected, `${lag} ms`);
  }
});

test('a refusal says that it is overload and when to come again, before a token or a body is looked at', async () => {
  lagMs = 5000;
  const headers = { authorization: 'Bearer rubbish', 'content-type': 'text/plain' };
  const answer = await get('/normal', { method: 'POST', headers, body: 'x'.repeat(1000) });
  assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '1']);
  assert.equal(((await answer.json()) as { code: string }).code, 'overloaded');
  assert.equal(upstream.requests.length, 0);
});

test('bulk traffic that is refused does not touch the share of the routes that are not', async () => {
  lagMs = 450; // low all, normal half, high none
  const many = (path: string, count: number) =>
    Promise.all(Array.from({ length: count }, async () => (await get(path)).status));
  const [low, normal, high, identity] = await Promise.all([
    many('/low', 40),
    many('/normal', 40),
    many('/high', 40),
    many('/auth/login', 40),
  ]);
  const passed = (all: number[]) => all.filter((status) => status < 300).length;
  assert.deepEqual([low, normal, high, identity].map(passed), [0, 20, 40, 40]);
});

test('the lag and what it cost are in the metrics', async () => {
  lagMs = 450;
  await get('/low');
  const counted = /^pi_gateway_requests_total\{route="\/low",method="GET",status="503",reason="shed"\} \d+$/m;
  const text = await until('the refusal to be counted', async () => {
    const metrics = await (await fetch(`${t.gateway.metricsUrl}/metrics`)).text();
    return counted.test(metrics) && metrics;
  });
  assert.match(text, /^pi_gateway_loop_lag_seconds 0\.45$/m);
});
