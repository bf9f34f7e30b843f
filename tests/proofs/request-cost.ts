// What a verified request costs in queries and Redis commands: nothing. Auth is paused meanwhile (SIGSTOP), so
// that its own work each second is not counted. PostgreSQL tells of each connection when it last did anything:
// unchanged, nothing was asked. Redis counts its commands; what it still hears is each worker following the feed,
// in its own time whatever the load.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { System } from './start-system.ts';
import { openLoad } from './steady-load.ts';
import { openSuperuser } from './superuser.ts';

const feedCommands = ['xread', 'xrevrange'];
// Blocks for half a second, then looks whether the stream is still the same.
const feedCommandsPerWorkerSecondMax = 8;

export async function measureRequestCost(system: System, seconds: number, perSecond: number) {
  const { email } = await system.register();
  const { access_token } = await system.login(email);
  const superuser = await openSuperuser(system.database.superuserUrl);
  const redis = system.redisUrl === undefined ? undefined : new Redis(system.redisUrl);

  /** The connections to our database but this one, each with the time of its last query. */
  const readActivity = async () => {
    const rows = await superuser.rows(
      `select pid || ' ' || state_change as told from pg_stat_activity
        where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`,
    );
    return new Set(rows.map(({ told }) => String(told)));
  };
  const countCommands = async (names: (name: string) => boolean) => {
    const info = (await redis?.info('commandstats')) ?? '';
    return [...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)]
      .filter(([, name = '']) => names(name))
      .reduce((sum, [, , calls]) => sum + Number(calls), 0);
  };
  const isFeed = (name: string) => feedCommands.includes(name);
  const isOther = (name: string) => !isFeed(name) && name !== 'info';

  for (const auth of system.auths) process.kill(auth.pid(), 'SIGSTOP');
  try {
    // What was sent before the pause ends.
    await delay(500);
    const activityBefore = await readActivity();
    const [feedBefore, otherBefore] = [await countCommands(isFeed), await countCommands(isOther)];
    const startMs = performance.now();
    const load = openLoad(
      system.gateways.map(({ target }) => target),
      [access_token],
      perSecond,
    );
    await delay(seconds * 1000);
    const { sent, refused } = await load.stop();
    const tookSeconds = (performance.now() - startMs) / 1000;
    const feed = (await countCommands(isFeed)) - feedBefore;
    const commands = (await countCommands(isOther)) - otherBefore;
    const activity = await readActivity();
    const queries = [...activity].filter((told) => !activityBefore.has(told)).length;
    assert.ok(activity.size > 0, 'auth is connected');
    assert.equal(refused, 0);
    const workers = system.gateways.reduce((sum, gateway) => sum + gateway.workers.length, 0);
    assert.ok(feed <= feedCommandsPerWorkerSecondMax * workers * tookSeconds, `${feed} of the feed`);
    return { requests: sent, queries, redisCommands: commands, feedCommandsPerSecond: feed / tookSeconds };
  } finally {
    for (const auth of system.auths) process.kill(auth.pid(), 'SIGCONT');
    redis?.disconnect();
    await superuser.close();
  }
}
