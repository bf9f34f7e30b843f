import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog } from '@pi-gateway/log/log.ts';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { Redis } from 'ioredis';
import { startTestRedis } from '../../launch/testing/test-redis.ts';
import { startFaultProxy } from '../../tests/failure/fault-proxy.ts';
import { createRedisPublisher, createRedisSource } from './redis-feed.ts';
import type { Revocation } from './revocation.ts';

const log = createLog({ service: 'test', level: 'silent' });
let server: Awaited<ReturnType<typeof startTestRedis>>;
let admin: Redis;
let made = 0;

before(async () => {
  server = await startTestRedis();
  admin = new Redis(server.url);
});
after(async () => {
  admin.disconnect();
  await server.stop();
});

function revoke(): Revocation {
  made += 1;
  return { kind: 'session', id: uuidV7(made), notBefore: made, until: made };
}

function publish(t: TestContext, url: string) {
  const publisher = createRedisPublisher(url, log);
  t.after(() => publisher.close());
  return publisher;
}

async function proxyTo(t: TestContext, url: string, fault: 'none' | 'away' = 'none') {
  const proxy = await startFaultProxy(url, fault);
  t.after(() => proxy.stop());
  return proxy;
}

async function until(what: string, holds: () => boolean, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await delay(5);
  }
}

/** A source that remembers the ids it was told of. */
async function follow(t: TestContext, url: string) {
  const heard = new Set<string>();
  const source = createRedisSource(url, log);
  t.after(() => source.close());
  await source.start((revocations) => {
    for (const { id } of revocations) heard.add(id);
  });
  return { source, heard, hears: ({ id }: Revocation) => until('heard', () => heard.has(id)) };
}

test('what is published is heard by every source, once it is known to be current', async (t) => {
  const publisher = publish(t, server.url);
  const followers = await Promise.all([follow(t, server.url), follow(t, server.url)]);
  for (const { source } of followers) await until('current', () => source.silentMs() < 5_000);
  const revocations = Array.from({ length: 120 }, revoke);
  await publisher.publish(revocations);
  for (const { hears } of followers) await Promise.all(revocations.map(hears));
});

test('a source that starts later hears what the stream still holds', async (t) => {
  const publisher = publish(t, server.url);
  const revocation = revoke();
  await publisher.publish([revocation]);
  const { hears } = await follow(t, server.url);
  await hears(revocation);
});

test('garbage on the stream is skipped, and what comes after it is heard', async (t) => {
  const { heard, hears } = await follow(t, server.url);
  const before = heard.size;
  const good = revoke();
  const goodWire = { kind: 'session', id: good.id, not_before: 1, until: 2 };
  for (const fields of [
    ['r', 'no json'],
    ['r', '{}'],
    ['r', '[null, 1, {"kind":"user"}]'],
    ['x', JSON.stringify([goodWire])],
    ['r', JSON.stringify([{ ...goodWire, id: '../../x' }])],
    ['', ''],
    ['r', JSON.stringify(['junk', goodWire])],
  ]) {
    await admin.xadd('pi:revocations', '*', ...fields);
  }
  await hears(good);
  assert.equal(heard.size, before + 1);
});

test('the stream stays bounded', async (t) => {
  const publisher = publish(t, server.url);
  const pipeline = admin.pipeline();
  for (let i = 0; i < 15_000; i += 1) pipeline.xadd('pi:revocations', '*', 'r', '[]');
  await pipeline.exec();
  await publisher.publish([revoke()]);
  // Redis trims by whole nodes of a hundred entries.
  const deadline = performance.now() + 5_000;
  while ((await admin.xlen('pi:revocations')) > 10_100) {
    assert.ok(performance.now() < deadline);
    await delay(5);
  }
  await admin.del('pi:revocations');
});

describe('Redis away', () => {
  test('at the start: both sides come up, nothing throws, and all is delivered when it is there', async (t) => {
    const proxy = await proxyTo(t, server.url, 'away');
    const publisher = publish(t, proxy.url);
    const { source, hears } = await follow(t, proxy.url);
    assert.equal(source.silentMs(), Number.POSITIVE_INFINITY);
    const revocation = revoke();
    await publisher.publish([revocation]);
    await proxy.become('none');
    await hears(revocation);
    await until('current', () => source.silentMs() < 1_000);
  });

  test('for a while: a source catches up with what was published meanwhile', async (t) => {
    const proxy = await proxyTo(t, server.url);
    const publisher = publish(t, server.url);
    const { source, hears, heard } = await follow(t, proxy.url);
    await proxy.become('away');
    const revocations = [revoke(), revoke()];
    await publisher.publish(revocations);
    await until('silent', () => source.silentMs() > 600);
    assert.ok(revocations.every(({ id }) => !heard.has(id)));
    await proxy.become('none');
    await Promise.all(revocations.map(hears));
  });

  test('and silent: publishing waits a quarter of a second once and then not at all; the source says so', async (t) => {
    const proxy = await proxyTo(t, server.url);
    const publisher = publish(t, proxy.url);
    const { source, hears } = await follow(t, proxy.url);
    const [first, second, third] = [revoke(), revoke(), revoke()];
    await publisher.publish([first]);
    await proxy.become('silent');
    await publisher.publish([second]);
    const start = performance.now();
    for (let i = 0; i < 100; i += 1) await publisher.publish([]);
    await publisher.publish([third]);
    assert.ok(performance.now() - start < 100);
    await until('silent', () => source.silentMs() > 1_500);
    await proxy.become('none');
    await Promise.all([first, second, third].map(hears));
  });

  test('or read-only: what is published waits until writes are taken again', async (t) => {
    const publisher = publish(t, server.url);
    const { hears } = await follow(t, server.url);
    await admin.config('SET', 'maxmemory', '1');
    const revocation = revoke();
    await publisher.publish([revocation]);
    await admin.config('SET', 'maxmemory', '0');
    await hears(revocation);
  });

  test('or flushed, or replaced by one that counts from lower ids: the source starts over', async (t) => {
    const { hears } = await follow(t, server.url);
    await admin.xadd('pi:revocations', '99999999999999-0', 'r', '[]');
    await admin.del('pi:revocations');
    const publisher = publish(t, server.url);
    const revocation = revoke();
    await publisher.publish([revocation]);
    await hears(revocation);
  });
});
