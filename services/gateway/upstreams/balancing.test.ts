import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type Answer, assertProblem, exchange, readAnswers } from '@pi-gateway/http-front/raw-exchange.ts';
import { loggedExchange } from '../testing/logged-exchange.ts';
import { plainAnswer, RecordingUpstream } from '../testing/recording-upstream.ts';
import { startTestGateway, type TestGateway, until } from '../testing/start-test-gateway.ts';

let a: RecordingUpstream;
let b: RecordingUpstream;
let t: TestGateway;

before(async () => {
  [a, b] = [await RecordingUpstream.start(), await RecordingUpstream.start()];
  const both = `targets: ["${a.origin}", "${b.origin}"]`;
  t = await startTestGateway(`
services:
  shared: { targets: [{ url: "${a.origin}", weight: 3 }, "${b.origin}"] }
  pair: { ${both} }
  single: { ${both}, retries: 0 }
  judged: { ${both}, retries: 0, breaker: { min_requests: 6 } }
  patient: { targets: ["${a.origin}"], timeouts: { total_ms: 300 } }
routes:
  - { path: /shared, service: shared, access: public }
  - { path: /pair, service: pair, access: public }
  - { path: /single, service: single, access: public }
  - { path: /judged, service: judged, access: public }
  - { path: /patient, service: patient, access: public }
`);
});
after(async () => {
  await t.close();
  a.close();
  b.close();
});
beforeEach(() => {
  for (const upstream of [a, b]) {
    upstream.requests.length = 0;
    upstream.respond = () => plainAnswer;
  }
});

function askRaw(requestLine: string, ...lines: string[]): Promise<string> {
  const head = [`${requestLine} HTTP/1.1`, 'Host: a.example', ...lines, 'Connection: close'].join('\r\n');
  return exchange(t.port, `${head}\r\n\r\n`);
}

async function ask(requestLine: string, ...lines: string[]): Promise<Answer> {
  return readAnswers(await askRaw(requestLine, ...lines))[0]!;
}

const logged = (answer: Answer) => loggedExchange(t.accessLogPath, answer);

test('requests are shared by weight', async () => {
  for (let i = 0; i < 8; i++) assert.equal((await ask('GET /shared')).status, 200);
  assert.deepEqual([a.requests.length, b.requests.length], [6, 2]);
});

describe('a target that dies under its request', () => {
  beforeEach(() => {
    a.respond = ({ socket }) => {
      socket.destroy();
    };
  });

  test('costs a GET nothing: the other target answers, and the log tells which', async () => {
    const found: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      const answer = await ask('GET /pair');
      const { status, target, reason, retries } = await logged(answer);
      found.push([status, target === b.origin, reason, retries]);
    }
    const direct = [200, true, null, 0];
    const retried = [200, true, null, 1];
    assert.deepEqual(found, [retried, direct, retried, direct]);
    assert.equal(b.requests.length, 4);
  });

  test('is the end of a POST: it may have been done', async () => {
    const answers = [
      await ask('POST /pair', 'Content-Length: 0'),
      await ask('POST /pair', 'Content-Length: 0'),
    ];
    assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200, 502]));
    assert.deepEqual([a.requests.length, b.requests.length], [1, 1]);
    const failed = answers.find((answer) => answer.status === 502)!;
    assertProblem(failed, 502, 'upstream_invalid');
    const { target, reason } = await logged(failed);
    assert.deepEqual([target, reason], [a.origin, 'closed_without_answer']);
  });

  test('is the end of a GET too where no retry is allowed', async () => {
    const statuses = [(await ask('GET /single')).status, (await ask('GET /single')).status];
    assert.deepEqual(new Set(statuses), new Set([200, 502]));
  });
});

describe('the breaker', () => {
  test('leaves a target alone whose requests fail, and uses it again once it is sound', async () => {
    a.respond = () => 'garbage\r\n\r\n';
    let failed = 0;
    while (a.requests.length < 6) failed += (await ask('GET /judged')).status === 502 ? 1 : 0;
    assert.equal(failed, 6);
    a.respond = () => plainAnswer;
    for (let i = 0; i < 4; i++) assert.equal((await ask('GET /judged')).status, 200);
    assert.equal(a.requests.length, 6, 'it is left alone');
    await until(
      'it is used again',
      async () => (await ask('GET /judged')).status === 200 && a.requests.length > 6,
    );
    const before = a.requests.length;
    for (let i = 0; i < 4; i++) assert.equal((await ask('GET /judged')).status, 200);
    assert.equal(a.requests.length, before + 2, 'with its whole share');
  });

  test('takes a 503 for what it is: an answer', async () => {
    a.respond = () => 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n';
    for (let i = 0; i < 40; i++) await ask('GET /judged');
    assert.equal(a.requests.length, 20);
  });
});

test('what happened to targets is counted', async () => {
  a.respond = ({ socket }) => {
    socket.destroy();
  };
  for (let i = 0; i < 2; i++) await ask('GET /pair');
  const text = await until('the counts', async () => {
    const scraped = await (await fetch(`${t.gateway.metricsUrl}/metrics`)).text();
    return /pi_gateway_retries_total\{service="pair"\} [1-9]/.test(scraped) && scraped;
  });
  assert.match(
    text,
    new RegExp(`pi_gateway_target_left_out_total\\{service="judged",target="${a.origin}"\\} 1\n`),
  );
});

describe('total_ms', () => {
  test('bounds the wait for the head: 504, and the service sees an abort', async () => {
    a.respond = () => undefined;
    const answer = await ask('GET /patient');
    assertProblem(answer, 504, 'upstream_timeout');
    assert.equal((await logged(answer)).reason, 'total_timeout');
    await until('the abort', () => a.requests[0]!.socket.destroyed);
  });

  test('bounds an answer that never ends, however busy it is', async () => {
    let drip: NodeJS.Timeout | undefined;
    a.respond = ({ socket }) => {
      drip = setInterval(() => socket.write('part'), 20);
      return 'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n';
    };
    const received = await askRaw('GET /patient');
    clearInterval(drip);
    assert.match(received, /^HTTP\/1\.1 200 OK\r\n[^]*part$/);
    assert.ok(received.length < 1_000_000);
    await until('the abort', () => a.requests[0]!.socket.destroyed);
  });
});
