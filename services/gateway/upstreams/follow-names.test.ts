import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, describe, test } from 'node:test';
import { secondLoopback } from '../testing/second-loopback.ts';
import { serviceConfig } from '../testing/service-config.ts';
import { until } from '../testing/start-test-gateway.ts';
import { type NameEvent, nameFollower } from './follow-names.ts';
import { linkOpener } from './open-link.ts';
import { UpstreamService } from './upstream-service.ts';

const second = await secondLoopback();
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});
const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

async function listen(host: string, port = 0): Promise<number> {
  const server = createServer((_req, res) => res.end()).listen(port, host);
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A resolver that says what it is told to. */
class FakeResolver {
  answer: readonly string[] | Error;
  asked = 0;

  constructor(answer: readonly string[] | Error) {
    this.answer = answer;
  }

  lookUp = (name: string): Promise<readonly string[]> => {
    assert.equal(name, 'orders.internal');
    this.asked += 1;
    return this.answer instanceof Error ? Promise.reject(this.answer) : Promise.resolve(this.answer);
  };

  /** Until it was asked once more, and the answer has been worked off. */
  async isHeard(): Promise<void> {
    const before = this.asked;
    await until('two more look-ups', () => this.asked > before + 1);
  }
}

function follow(resolver: FakeResolver, port: number) {
  const config = serviceConfig([`http://orders.internal:${port}`, 'http://127.0.0.9:9']);
  const service = new UpstreamService(
    config,
    linkOpener(config, () => assert.fail()),
  );
  const events: NameEvent[] = [];
  const failures: string[] = [];
  const witness = {
    onChange: (event: NameEvent) => events.push(event),
    onFailure: (name: string) => failures.push(name),
  };
  stops.push(nameFollower(resolver.lookUp, witness)(service));
  return { service, events, failures };
}

/** The addresses that the name leads to now, those that count as healthy. */
const used = (service: UpstreamService) =>
  service.targets
    .filter(({ origin, isHealthy }) => origin.includes('orders') && isHealthy)
    .map(({ address }) => address ?? 'by name');

describe('a target given by its name', () => {
  test('is looked up for each connection until the first answer', async () => {
    const { service } = follow(new FakeResolver(new Error('not yet')), 1);
    assert.deepEqual(used(service), ['by name']);
  });

  test('is every address behind it, each as soon as it takes connections', async () => {
    const port = await listen('127.0.0.1');
    const resolver = new FakeResolver(['127.0.0.1', second]);
    const { service } = follow(resolver, port);
    await until('the first', () => used(service).join() === '127.0.0.1');
    assert.equal(service.targets.length, 3, 'the other target stays what it is');
    await resolver.isHeard();
    assert.deepEqual(used(service), ['127.0.0.1']);
    await listen(second, port);
    await until('both', () => used(service).join() === `127.0.0.1,${second}`);
  });

  test('is the name itself as long as none of its addresses takes connections', async () => {
    const resolver = new FakeResolver(['127.0.0.3']);
    const { service } = follow(resolver, 1);
    await resolver.isHeard();
    assert.deepEqual(used(service), ['by name']);
  });

  test('loses an address that is gone from the answer, and keeps what it knows of the others', async () => {
    const port = await listen('127.0.0.1');
    await listen(second, port);
    const resolver = new FakeResolver(['127.0.0.1', second]);
    const { service } = follow(resolver, port);
    await until('both', () => used(service).length === 2 && !used(service).includes('by name'));
    const kept = service.targets.find(({ address }) => address === second);
    resolver.answer = [second];
    await until('one', () => used(service).join() === second);
    assert.equal(service.targets[0], kept);
  });

  test('keeps its last addresses while look-ups fail or bring nothing; each row of failures is told once', async () => {
    const port = await listen('127.0.0.1');
    const resolver = new FakeResolver(['127.0.0.1']);
    const { service, events, failures } = follow(resolver, port);
    await until('the first', () => used(service).join() === '127.0.0.1');
    resolver.answer = new Error('SERVFAIL');
    await resolver.isHeard();
    resolver.answer = [];
    await resolver.isHeard();
    assert.deepEqual(used(service), ['127.0.0.1']);
    assert.equal(events.length, 1);
    assert.ok(failures.length >= 3);
    resolver.answer = ['127.0.0.1'];
    await until('the end of it', () => events.length === 2);
    assert.deepEqual(events[1], { service: 'up', name: 'orders.internal', error: undefined });
  });

  test('with a thousand addresses is used with the first 64', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => `127.1.${i >> 8}.${i & 255}`);
    const resolver = new FakeResolver(many);
    const { service } = follow(resolver, 1);
    await until('the targets', () => service.targets.length > 2);
    assert.equal(service.targets.length, 64 + 2);
  });
});

test('a look-up that hangs is not asked a second time', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const port = await listen('127.0.0.1');
  const config = serviceConfig([`http://orders.internal:${port}`]);
  const service = new UpstreamService(
    config,
    linkOpener(config, () => assert.fail()),
  );
  const answers: ((addresses: readonly string[]) => void)[] = [];
  const lookUp = () => new Promise<readonly string[]>((resolve) => answers.push(resolve));
  const witness = { onChange: () => {}, onFailure: () => {} };
  stops.push(nameFollower(lookUp, witness)(service));
  t.mock.timers.tick(config.dnsRefreshMs * 10);
  assert.equal(answers.length, 1);
  answers[0]!(['127.0.0.1']);
  await until('the next one', () => {
    t.mock.timers.tick(config.dnsRefreshMs);
    return answers.length === 2;
  });
});
