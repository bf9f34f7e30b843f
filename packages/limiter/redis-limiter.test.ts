import assert from 'node:assert/strict';
import type { Writable } from 'node:stream';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { startTestRedis } from '../../launch/testing/test-redis.ts';
import { createRedisLimiter } from './redis-limiter.ts';

test('what is asked in one turn goes to Redis in one write, over each connection anew', async (t) => {
  const server = await startTestRedis();
  const redis = new Redis(server.url, { enableOfflineQueue: false, retryStrategy: () => 1 });
  const limiter = createRedisLimiter(redis);
  t.after(async () => {
    limiter.close();
    await server.stop();
  });
  const bucket = { limit: { name: 'test', count: 3, periodSeconds: 60 }, key: 'a' };
  const ready = () => new Promise<void>((resolve) => redis.once('ready', resolve));
  const askAll = () =>
    Promise.all([
      limiter.check(bucket, 'take', 0),
      limiter.check(bucket, 'peek', 0),
      limiter.count('b'),
      limiter.increment('c', 60, 0),
    ]);

  await ready();
  for (const round of [1, 2]) {
    await askAll(); // a script is sent in full when a connection first needs it
    const stream = redis.stream as Writable & Required<Pick<Writable, '_writev'>>;
    const single = t.mock.method(stream, '_write');
    const gathered = t.mock.method(stream, '_writev');
    const [taken, , count, incremented] = await askAll();
    assert.deepEqual([gathered.mock.callCount(), single.mock.callCount()], [1, 0]);
    assert.deepEqual([taken.state.limited, count, incremented], [round === 2, undefined, 2 * round]);

    const again = ready();
    stream.destroy();
    await again;
    assert.notEqual(redis.stream, stream);
  }
});
