import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayOnUpstream } from '../testing/gateway-on-upstream.ts';
import { loggedExchange } from '../testing/logged-exchange.ts';
import { until } from '../testing/start-test-gateway.ts';

const setting = gatewayOnUpstream(
  (origin, closedOrigin) => `
services:
  up: { targets: ["${origin}"] }
  closed: { targets: ["${closedOrigin}"] }
routes:
  - { path: /up/*, service: up, access: public }
  - { path: /closed/*, service: closed, access: public }
`,
);

async function readCalls(): Promise<Record<string, number>> {
  const text = await (await fetch(`${setting.t.gateway.metricsUrl}/metrics`)).text();
  const calls = text.matchAll(
    /^pi_gateway_target_calls_total\{service="(\w+)",target="http:[^"]+",outcome="(\w+)"\} (\d+)$/gm,
  );
  return Object.fromEntries(
    [...calls].map(([, service, outcome, count]) => [`${service} ${outcome}`, Number(count)]),
  );
}

test('every call of a target is counted by its outcome, each try and those that a client gave up', async () => {
  for (const status of [200, 404, 503]) {
    setting.upstream.respond = () => `HTTP/1.1 ${status} x\r\ncontent-length: 0\r\n\r\n`;
    assert.equal((await setting.ask('GET /up/x')).status, status);
  }
  assert.equal((await setting.ask('GET /closed/x')).status, 502);
  setting.upstream.respond = () => undefined;
  const client = await setting.send('GET /up/x HTTP/1.1', 'Host: a');
  await until('the request', () => setting.upstream.requests.length === 4);
  client.close();
  const expected = {
    'up 2xx': 1,
    'up 4xx': 1,
    'up 5xx': 1,
    'closed failed': 2,
    'up abandoned': 1,
  };
  await until('all of them', async () => Object.keys(await readCalls()).length === 5);
  assert.deepEqual(await readCalls(), expected);
});

test('the access log splits the time, and names service and trace', async () => {
  const answer = await setting.ask('GET /up/x');
  const line = await loggedExchange(setting.t.accessLogPath, answer);
  assert.equal(line.service, 'up');
  assert.equal(line.trace_id, setting.upstream.values('traceparent')[0]!.slice(3, 35));
  assert.ok(line.gateway_ms! >= 0 && line.upstream_ms! >= 0);
  assert.ok(line.gateway_ms! + line.upstream_ms! <= line.duration_ms + 0.01, JSON.stringify(line));
});

test('a refusal has a trace too, and no time of a service', async () => {
  const line = await loggedExchange(setting.t.accessLogPath, await setting.ask('GET /nowhere'));
  assert.match(line.trace_id, /^[0-9a-f]{32}$/);
  assert.deepEqual([line.service, line.gateway_ms, line.upstream_ms], [null, null, null]);
});
