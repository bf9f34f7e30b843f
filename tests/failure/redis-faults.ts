// Redis goes away, falls silent, refuses or forgets. Nobody is refused for that: limits are counted in each process,
// and what is revoked stays so, told by auth itself where the feed is silent.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { send } from '../proofs/http-client.ts';
import { logInPatiently, type MixedLoad } from './drive-load.ts';
import type { Fault } from './fault-proxy.ts';
import type { FaultCase } from './measure-fault.ts';
import type { Rig } from './start-rig.ts';
import { firstPassword } from './user-life.ts';

// Of /limited/* in start-rig.ts: a burst of 20, and 20 more every ten seconds.
const [burst, refillPerSecond] = [20, 2];
const limitedPerSecond = 25;

/** Far more requests than a route allows: how many of them passed, and how many may. */
async function probeLimit({ entry }: Rig, seconds: number) {
  const statuses: number[] = [];
  const fromMs = performance.now();
  const endMs = fromMs + seconds * 1000;
  while (performance.now() < endMs) {
    statuses.push((await send(entry, { path: '/limited/x' })).status);
    await delay(1000 / limitedPerSecond);
  }
  const passed = statuses.filter((status) => status === 200).length;
  const other = statuses.filter((status) => status !== 200 && status !== 429);
  assert.deepEqual(other, [], 'a limited route answers 200 or 429');
  const allowed = burst + (refillPerSecond * (performance.now() - fromMs)) / 1000;
  assert.ok(passed <= 2 * allowed, `${passed} passed a limit of ${allowed.toFixed(0)}`);
  assert.ok(statuses.length <= 2 * allowed || passed < statuses.length, 'the limit holds');
  return { asked: statuses.length, passed, allowed: Math.round(allowed) };
}

// Without the feed, what is revoked is asked for twice a second once two are over.
const toldWithinMs = 4000;

/** Sessions that are ended while it lasts: how long until no gateway takes their access tokens. */
async function probeRevocations({ entry, gateways }: Rig, load: MixedLoad, seconds: number) {
  const outlived: number[] = [];
  const endMs = performance.now() + seconds * 1000 - toldWithinMs / 2;
  do {
    const email = `leaver-${performance.now()}@example.com`;
    const body = { email, password: firstPassword };
    await send(entry, { method: 'POST', path: '/api/auth/register', body });
    const { access_token: token, refresh_token } = await logInPatiently(entry, email, firstPassword);
    await send(entry, { method: 'POST', path: '/api/auth/logout', body: { refresh_token } });
    const outMs = performance.now();
    for (const { target } of gateways) {
      while ((await send(target, { path: '/up/x', token })).status !== 401) {
        assert.ok(performance.now() - outMs < toldWithinMs, 'a revocation is not known everywhere');
        await delay(20);
      }
    }
    outlived.push(performance.now() - outMs);
    await delay(250);
  } while (performance.now() < endMs);
  assert.ok(load.tokens.length > 0);
  return { revoked: outlived.length, knownEverywhereAfterMs: Math.max(...outlived) };
}

const probe: NonNullable<FaultCase['probe']> = async (rig, load, seconds) => {
  const [limit, revocations] = await Promise.all([
    probeLimit(rig, seconds),
    probeRevocations(rig, load, seconds),
  ]);
  return { limit, revocations };
};

const shared = { noticed: 'one in a thousand', probe } as const;

function overTheNetwork(name: string, what: string, fault: Fault): FaultCase {
  return {
    ...shared,
    name,
    what,
    async inject({ links }) {
      await links.redis.become(fault);
      return () => links.redis.become('none');
    },
  };
}

/** By commands to the server itself, past the proxy. */
function byCommands(
  name: string,
  what: string,
  begin: (redis: Redis) => Promise<unknown>,
  end: (redis: Redis) => Promise<unknown>,
): FaultCase {
  return {
    ...shared,
    name,
    what,
    async inject({ redisPath }) {
      const redis = new Redis(redisPath);
      await begin(redis);
      return async () => {
        await end(redis);
        redis.disconnect();
      };
    },
  };
}

function serverOf({ redis }: Rig): number {
  const pid = redis.pid();
  if (pid === undefined) throw new Error('Redis does not run');
  return pid;
}

/** For a rig whose link to Redis was away before anything started. */
export const redisAwayAtStart: FaultCase = {
  ...shared,
  name: 'redis-away-at-start',
  what: 'Redis is gone when everything starts',
  inject:
    async ({ links }) =>
    () =>
      links.redis.become('none'),
};

export const redisFaults: readonly FaultCase[] = [
  overTheNetwork('redis-away', 'Redis is gone: nobody listens', 'away'),
  overTheNetwork('redis-resets', 'every connection to Redis is reset', 'resets'),
  overTheNetwork('redis-silent', 'Redis takes connections and says nothing', 'silent'),
  overTheNetwork('redis-black-hole', 'connections to Redis die without a word, for good', 'black hole'),
  overTheNetwork('redis-slow', 'every byte from and to Redis is 300 ms late', { delayMs: 300 }),
  {
    ...shared,
    name: 'redis-killed',
    what: 'Redis is killed and starts again',
    async inject(rig) {
      process.kill(serverOf(rig), 'SIGKILL');
      return async () => undefined;
    },
  },
  {
    ...shared,
    name: 'redis-paused',
    what: 'Redis is stopped where it stands (SIGSTOP), and goes on',
    async inject(rig) {
      const pid = serverOf(rig);
      process.kill(pid, 'SIGSTOP');
      return async () => void process.kill(pid, 'SIGCONT');
    },
  },
  byCommands(
    'redis-read-only',
    'Redis takes no writes: it became the replica of another',
    (redis) => redis.replicaof('127.0.0.1', 1),
    (redis) => redis.replicaof('NO', 'ONE'),
  ),
  byCommands(
    'redis-full',
    'the memory of Redis is full, and it refuses writes',
    (redis) => redis.config('SET', 'maxmemory', '1'),
    (redis) => redis.config('SET', 'maxmemory', '256mb'),
  ),
  byCommands(
    'redis-evicting',
    'the memory of Redis is full, and it throws out what it likes',
    async (redis) => {
      await redis.config('SET', 'maxmemory-policy', 'allkeys-random');
      await redis.config('SET', 'maxmemory', '1');
    },
    async (redis) => {
      await redis.config('SET', 'maxmemory', '256mb');
      await redis.config('SET', 'maxmemory-policy', 'noeviction');
    },
  ),
  {
    ...shared,
    name: 'redis-flushed',
    what: 'Redis is emptied, again and again',
    async inject({ redisPath }) {
      const redis = new Redis(redisPath);
      const timer = setInterval(() => void redis.flushall(), 500);
      return async () => {
        clearInterval(timer);
        redis.disconnect();
      };
    },
  },
];
