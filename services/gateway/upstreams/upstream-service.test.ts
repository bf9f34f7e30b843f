import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { Transport } from '../proxy/transport.ts';
import type { Service } from '../routing/route.ts';
import { serviceConfig } from '../testing/service-config.ts';
import { until } from '../testing/start-test-gateway.ts';
import { checkTargets } from './check-targets.ts';
import { linkOpener } from './open-link.ts';
import { UpstreamService } from './upstream-service.ts';
import type { UpstreamTarget } from './upstream-target.ts';

const transport: Transport = {
  send: () => assert.fail('nothing is sent here'),
  destroy: () => Promise.resolve(),
};

function service(origins: readonly string[], options: Partial<Service> = {}): UpstreamService {
  const config = serviceConfig(origins, options);
  const open = linkOpener(config, () => assert.fail());
  // The active check alone speaks to its target.
  return new UpstreamService(config, (target) =>
    config.health === undefined ? { ...open(target), transport } : open(target),
  );
}

const abc = ['http://a', 'http://b', 'http://c'];
const picks = (up: UpstreamService, count: number, nowMs = 0) =>
  Array.from({ length: count }, () => up.pick(nowMs).origin.at(-1)).join('');

function fail(target: UpstreamTarget, how: 'unreachable' | 'failed', nowMs: number): void {
  const pass = target.begin();
  if (how === 'failed') target.breaker.noteFailed(pass, nowMs);
  else target.breaker.noteUnreachable(pass, nowMs);
  target.end(pass);
}

describe('which target is next', () => {
  test('is chosen as the service says', () => {
    assert.equal(picks(service(abc), 6), 'abcabc');
    const up = service(abc, { balance: 'least_pending' });
    up.targets[0]!.begin();
    up.targets[2]!.begin();
    assert.equal(picks(up, 3), 'bbb');
  });

  test('one that could not be reached rests, and is used again within five seconds however often it failed', () => {
    const up = service(abc);
    let nowMs = 0;
    for (let i = 0; i < 10; i++) {
      fail(up.targets[0]!, 'unreachable', nowMs);
      assert.doesNotMatch(picks(up, 6, nowMs), /a/);
      nowMs += 4999;
      assert.match(picks(up, 6, nowMs), /a/);
    }
  });

  test('when none is usable one is tried all the same, rather one that its health check calls sound', () => {
    const up = service(abc);
    for (const target of up.targets) fail(target, 'unreachable', 0);
    assert.equal(picks(up, 3), 'abc');
    up.targets[0]!.isHealthy = false;
    up.targets[2]!.isHealthy = false;
    assert.equal(picks(up, 3), 'bbb');
  });

  test('a retry goes to a target that the request has not failed on, even to a doubtful one', () => {
    const up = service(['http://a', 'http://b']);
    const [a, b] = up.targets as [UpstreamTarget, UpstreamTarget];
    for (let i = 0; i < 4; i++) assert.equal(up.pick(0, [a]), b);
    fail(b, 'unreachable', 0);
    assert.equal(up.pick(0, [a]), b);
  });

  test('of two restarted one after the other, the one that just refused is left alone whatever the last check said', () => {
    const up = service(['http://a', 'http://b']);
    const [a, b] = up.targets as [UpstreamTarget, UpstreamTarget];
    a.isHealthy = false;
    fail(b, 'unreachable', 0);
    assert.equal(picks(up, 4), 'aaaa');
    fail(a, 'unreachable', 0);
    assert.equal(picks(up, 2), 'bb', 'both refuse: the check has the last word');
  });

  test('failures that all targets share leave half of them in use', () => {
    for (const [origins, left] of [
      [['http://a'], 1],
      [['http://a', 'http://b'], 1],
      [abc, 2],
      [[...abc, 'http://d'], 2],
    ] as const) {
      const up = service(origins);
      for (const target of up.targets) for (let i = 0; i < 20; i++) fail(target, 'failed', 0);
      const used = new Set(picks(up, 8));
      assert.equal(used.size, left, `of ${origins.length}`);
    }
  });

  test('the active check takes a target out and brings it back', async () => {
    let status = 500;
    const server = createServer((_req, res) => res.writeHead(status).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const up = service([origin, 'http://b'], { health: { path: '/health', intervalMs: 10 } });
    const stop = checkTargets(up);
    await until('the target is out', () => !up.targets[0]!.isHealthy);
    status = 200;
    await until('the target is back', () => up.targets[0]!.isHealthy);
    stop();
    server.close();
    server.closeAllConnections();
  });
});

describe('a retry', () => {
  const spend = (up: UpstreamService, tried: readonly UpstreamTarget[], hasReached: boolean) =>
    Array.from({ length: 1000 }, () => up.takeRetry(hasReached, tried)).filter(Boolean).length;

  test('that reached nobody needs no budget on its way to another target: a crowd survives the end of one', () => {
    const up = service(abc);
    const [a, b] = up.targets as [UpstreamTarget, UpstreamTarget];
    assert.deepEqual([spend(up, [a], false), spend(up, [a, b], false)], [1000, 1000]);
  });

  test('needs it where a service may have been asked already, and where a target would be asked twice', () => {
    assert.equal(spend(service(abc), [], true), 10);
    const up = service(abc);
    assert.equal(spend(up, up.targets, false), 10);
    const single = service(['http://a']);
    assert.equal(spend(single, single.targets, false), 10);
  });
});
