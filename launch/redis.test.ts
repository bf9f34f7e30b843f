import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createLog } from '@pi-gateway/log/log.ts';
import { Redis } from 'ioredis';
import { startRedis } from './redis.ts';
import { startTestRedis } from './testing/test-redis.ts';

const log = createLog({ service: 'test', level: 'silent' });

test('what Redis holds outlives a restart', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'pi-test-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  for (const expected of [null, 'here']) {
    const redis = await startRedis({ dir, log });
    const client = new Redis(redis.url);
    assert.equal(await client.get('kept'), expected);
    await client.set('kept', 'here');
    client.disconnect();
    await redis.stop();
  }
});

test('one for tests takes its folder along when it is stopped', async () => {
  const redis = await startTestRedis();
  const folder = dirname(dirname(redis.url));
  assert.ok(existsSync(join(folder, 'redis.log')));
  await redis.stop();
  assert.ok(!existsSync(folder));
});
