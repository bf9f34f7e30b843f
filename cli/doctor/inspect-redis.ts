// Redis: reachable, and its version; without REDIS_URL limits and revocations stay in the process.

import { authSettings } from '@pi-gateway/auth/config.ts';
import { readSettings } from '@pi-gateway/env/settings.ts';
import { Redis } from 'ioredis';
import { describeFailure } from '../cli-error.ts';
import type { Io } from '../io.ts';
import type { Finding } from './finding.ts';

const part = 'Redis';
const timeoutMs = 2000;

export async function inspectRedis(io: Io): Promise<Finding> {
  let redis: Redis | undefined;
  try {
    const { redisUrl } = readSettings(authSettings, io.env);
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
    return { part, state: 'fail', detail: `${describeFailure(error).message}; check REDIS_URL` };
  } finally {
    redis?.disconnect();
  }
}
