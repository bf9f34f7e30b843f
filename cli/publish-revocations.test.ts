import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { Redis } from 'ioredis';
import { startTestRedis } from '../launch/testing/test-redis.ts';
import { startFaultProxy } from '../tests/failure/fault-proxy.ts';
import { publishRevocations } from './publish-revocations.ts';

const revocation = { kind: 'user', id: uuidV7(1), notBefore: 1, until: 1 } as const;

test('a revocation by a command stands on the stream when the command ends', async (t) => {
  const server = await startTestRedis();
  t.after(() => server.stop());
  const redis = new Redis(server.url);
  t.after(() => redis.disconnect());
  await publishRevocations(server.url, [revocation]);
  const entries = await redis.xrange('pi:revocations', '-', '+');
  assert.equal(entries.length, 1);
  assert.match(String(entries[0]?.[1]), new RegExp(revocation.id));
});

test('with Redis away the command ends all the same', async (t) => {
  const server = await startTestRedis();
  t.after(() => server.stop());
  const proxy = await startFaultProxy(server.url, 'away');
  t.after(() => proxy.stop());
  await publishRevocations(proxy.url, [revocation]);
});
