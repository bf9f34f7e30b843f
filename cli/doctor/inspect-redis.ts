// Redis: reachable, and its version; without REDIS_URL limits and revocations stay in the process.

import { Redis } from 'ioredis';
import { readRedisUrl } from '../auth-settings.ts';
import { describeFailure } from '../cli-error.ts';
import type { Io } from '../io.ts';
import type { Finding } from './finding.ts';

const part = 'Redis';
const timeoutMs = 2000;

export async function inspectRedis(io: Io): Promise<Finding> {
  let redis: Redis | undefined;
  try {
    const redisUrl = readRedisUrl(io);
    if (redisUrl === undefined) {
      return {
        part,
        state: 'ok',
        detail: 'not used (no REDIS_URL): right for one process of each service only',
      };
    }
    redis = new Redis(redisUrl, {
      lazyConnect: true,
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
      retryStrategy: null,
    });
    redis.on('error', () => undefined); // the command below tells
    await redis.connect();
    const version = /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? 'unknown';
    return { part, state: 'ok', detail: `version ${version}` };
  } catch (error) {
    return {
      part,
      state: 'fail',
      detail: `${describeFailure(error).message.replace(/\.$/, '')}; check REDIS_URL`,
    };
  } finally {
    redis?.disconnect();
  }
}
