import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { Service } from '../routing/route.ts';
import { until } from '../testing/start-test-gateway.ts';
import { checkTargets } from './check-targets.ts';
import { RetryBudget } from './retry-budget.ts';
import type { Transport } from './transport.ts';
import { mayRetry, readFailure } from './upstream-error.ts';
import { UpstreamService } from './upstream-service.ts';

const transport: Transport = {
  send: () => assert.fail('nothing is sent here'),
  destroy: () => Promise.resolve(),
};

function service(options: Partial<Service> = {}): UpstreamService {
  const config: Service = {
    name: 'up',
    targets: ['http://a', 'http://b', 'http://c'],
    balance: 'round_robin',
    timeouts: { connectMs: 1, headersMs: 1000, idleMs: 1000, tunnelIdleMs: 1000 },
    retries: 1,
    health: undefined,
    maxPending: 10,
    forwardToken: false,
    ...options,
  };
  return new UpstreamService(config, () => transport);
}

const picks = (up: UpstreamService, count: number, nowMs = 0) =>
  Array.from({ length: count }, () => up.pick(nowMs).origin.at(-1)).join('');

describe('which target is next', () => {
  test('round robin goes around', () => assert.equal(picks(service(), 6), 'abcabc'));

  test('least pending takes the one with the fewest requests', () => {
    const up = service({ balance: 'least_pending' });
    up.targets[0]!.active = 2;
    up.targets[1]!.active = 1;
    up.targets[2]!.active = 3;
    assert.equal(picks(up, 3), 'bbb');
  });

  test('one that could not be reached rests, and is used again within five seconds however often it failed', () => {
    const up = service();
    const [down] = up.targets;
    let nowMs = 0;
    for (let i = 0; i < 10; i++) {
      down!.noteUnreachable(nowMs);
      assert.doesNotMatch(picks(up, 6, nowMs), /a/);
      nowMs += 4999;
      assert.match(picks(up, 6, nowMs), /a/);
    }
  });

  test('when none is usable one is tried all the same', () => {
    const up = service();
    for (const target of up.targets) target.noteUnreachable(0);
    assert.ok(up.pick(0));
  });

  test('a retry goes to another target', () => {
    const up = service({ targets: ['http://a', 'http://b'] });
    for (let i = 0; i < 4; i++) assert.equal(up.pick(0, up.targets[0]).origin, 'http://b');
  });

  test('the active check takes a target out and brings it back', async () => {
    let status = 500;
    const server = createServer((_req, res) => res.writeHead(status).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const up = service({ targets: [origin, 'http://b'], health: { path: '/health', intervalMs: 10 } });
    const stop = checkTargets(up);
    await until('the target is out', () => !up.targets[0]!.isHealthy);
    status = 200;
    await until('the target is back', () => up.targets[0]!.isHealthy);
    stop();
    server.close();
    server.closeAllConnections();
  });
});

describe('retries', () => {
  const sent = { started: true, answered: false, head: false };
  const reset = { code: 'ECONNRESET', socket: { bytesRead: 100 } };

  test('only what never reached a service, or an idempotent bodiless request on a used connection', () => {
    const unreached = readFailure({ code: 'ECONNREFUSED' }, { ...sent, started: false });
    assert.equal(mayRetry(unreached, 'POST', true), true);
    const died = readFailure(reset, sent);
    assert.deepEqual(
      ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST', 'PATCH'].map((method) =>
        mayRetry(died, method, false),
      ),
      [true, true, true, true, true, false, false],
    );
    assert.equal(mayRetry(died, 'GET', true), false);
    assert.equal(mayRetry(readFailure({ ...reset, socket: { bytesRead: 0 } }, sent), 'GET', false), false);
    assert.equal(mayRetry(readFailure(reset, { ...sent, answered: true }), 'GET', false), false);
    assert.equal(mayRetry(readFailure({ code: 'UND_ERR_HEADERS_TIMEOUT' }, sent), 'GET', false), false);
  });

  test('a failing service is not asked much more often than without retries', () => {
    const budget = new RetryBudget();
    let retries = 0;
    for (let i = 0; i < 1000; i++) {
      budget.noteRequest();
      if (budget.take()) retries += 1;
    }
    assert.ok(retries <= 211, `${retries} retries for 1,000 requests`);
  });
});
