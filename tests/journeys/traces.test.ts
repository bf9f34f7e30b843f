// One trace through gateway and auth, as a collector gets it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestAuth, type TestAuth } from '@pi-gateway/auth/testing/start-test-auth.ts';
import { RecordingUpstream } from '@pi-gateway/gateway/testing/recording-upstream.ts';
import { createTestDatabase } from '../../launch/testing/test-database.ts';
import { startRealGateway } from '../security/start-real-gateway.ts';
import { type ReceivedSpan, startSpanReceiver } from './span-receiver.ts';

const [server, client, failed] = [2, 3, 2];
const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const traceId = parent.slice(3, 35);
let receiver: Awaited<ReturnType<typeof startSpanReceiver>>;
let upstream: RecordingUpstream;
let spans: readonly ReceivedSpan[];
let told: string[];
let token: string;

// The spans are all there once both processes have closed: what they hold goes out then.
before(async () => {
  receiver = await startSpanReceiver();
  upstream = await RecordingUpstream.start();
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20collector-secret',
    TRUSTED_PROXIES: '127.0.0.1/32',
  };
  const auth: TestAuth = await startTestAuth((await createTestDatabase()).url, env);
  const closed = await RecordingUpstream.start();
  const gone = closed.origin;
  closed.close();
  const gateway = await startRealGateway(
    auth,
    `  - { path: /api/*, service: auth, strip_prefix: /api }
  - { path: "/up/{id}", service: up, access: public }
  - { path: /gone/*, service: gone, access: public }`,
    { services: `, up: { targets: ["${upstream.origin}"] }, gone: { targets: ["${gone}"] }`, env },
  );
  token = (await auth.login(auth.admin.email)).access_token;
  const ask = (path: string, traceparent: string) =>
    fetch(gateway.url + path, {
      headers: { authorization: `Bearer ${token}`, traceparent, tracestate: 'a=b' },
    });
  assert.equal((await ask('/api/auth/me', parent)).status, 200);
  assert.equal((await ask('/up/7?token=query-secret', parent)).status, 200);
  told = [...upstream.values('traceparent'), ...upstream.values('tracestate')];
  assert.equal((await ask('/gone/x', parent)).status, 502);
  assert.equal((await ask('/up/8', parent.replace(/01$/, '00'))).status, 200);
  assert.equal(upstream.values('traceparent').length, 1);
  assert.match(upstream.values('traceparent')[0]!, new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
  await gateway.close();
  await auth.close();
  ({ spans } = receiver);
});
after(() => {
  upstream.close();
  receiver.close();
});

function findSpan(service: string, name: string): ReceivedSpan {
  const found = spans.filter(
    (span) => span.service === service && span.name === name && span.traceId === traceId,
  );
  assert.equal(found.length, 1, `${service} ${name}: ${spans.map((one) => one.name).join(', ')}`);
  return found[0]!;
}
const callOf = ({ spanId }: ReceivedSpan): ReceivedSpan => {
  const calls = spans.filter((span) => span.parentSpanId === spanId);
  assert.equal(calls.length, 1);
  return calls[0]!;
};

test('a trusted proxy, the gateway, its call and auth are one chain of spans', () => {
  const request = findSpan('pi-gateway', 'GET /api/*');
  assert.deepEqual([request.kind, request.parentSpanId], [server, parent.slice(36, 52)]);
  const call = callOf(request);
  assert.deepEqual(
    [call.kind, call.service, call.attributes['server.address']],
    [client, 'pi-gateway', 'auth'],
  );
  const answer = findSpan('pi-auth', 'GET /auth/me');
  assert.deepEqual([answer.kind, answer.parentSpanId], [server, call.spanId]);
  for (const span of [request, call, answer]) {
    assert.equal(span.attributes['http.response.status_code'], 200);
    assert.ok(BigInt(span.startTimeUnixNano) <= BigInt(span.endTimeUnixNano));
  }
  assert.equal(answer.attributes['pi.request_id'], request.attributes['pi.request_id']);
});

test('a service is told the span of the call, and the tracestate as it came', () => {
  const request = findSpan('pi-gateway', 'GET /up/{id}');
  assert.deepEqual(told, [`00-${traceId}-${callOf(request).spanId}-01`, 'a=b']);
  assert.deepEqual(
    [request.attributes['url.path'], request.attributes['http.route'], request.attributes['url.scheme']],
    ['/up/7', '/up/{id}', 'http'],
  );
});

test('a failure is an error with its reason, for each try of it', () => {
  const request = findSpan('pi-gateway', 'GET /gone/*');
  assert.deepEqual([request.status.code, request.attributes['error.type']], [failed, 'connection_refused']);
  const tries = spans.filter(({ parentSpanId }) => parentSpanId === request.spanId);
  assert.deepEqual(
    tries.map(({ status, attributes }) => [
      status.code,
      attributes['error.type'],
      attributes['http.request.resend_count'],
    ]),
    [
      [failed, 'connection_refused', undefined],
      [failed, 'connection_refused', 1],
    ],
  );
});

test('a trace whose sender does not record it goes on unrecorded', () => {
  assert.equal(spans.filter(({ attributes }) => attributes['url.path'] === '/up/8').length, 0);
});

test('the collector gets its credentials, and no secret of anybody else', () => {
  assert.match(receiver.received(), /^POST \/v1\/traces Bearer collector-secret$/m);
  assert.doesNotMatch(receiver.received(), /query-secret|\?token/);
  assert.ok(!receiver.received().includes(token.split('.')[2]!));
});
