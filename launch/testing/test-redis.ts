// A real, empty Redis for tests: one server per call (it starts within milliseconds). It does not keep the
// process alive, and its guard stops and removes it when the process ends.

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@pi-gateway/log/log.ts';
import { type RunningRedis, startRedis } from '../redis.ts';

export async function startTestRedis(): Promise<RunningRedis> {
  const removeDir = await mkdtemp(join(tmpdir(), 'pi-test-'));
  const log = createLog({ service: 'test', level: 'silent' });
  const redis = await startRedis({ dir: removeDir, log, throwaway: { removeDir } });
  redis.unref();
  return redis;
}
