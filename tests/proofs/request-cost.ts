// What a verified request costs in queries and Redis commands: nothing. Auth is paused meanwhile (SIGSTOP), so
// that its own work each second is not counted; PostgreSQL counts the transactions of its database, Redis its
// commands. What Redis still hears is each worker following the feed, in its own time whatever the load.

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
  // Asked in another database, so that the question does not count itself.
  const elsewhere = new URL(system.database.superuserUrl);
  const databaseName = elsewhere.pathname.slice(1);
  elsewhere.pathname = '/postgres';
  const superuser = await openSuperuser(elsewhere.href);
  await superuser.rows('alter system set autovacuum = off');
  await superuser.rows('select pg_reload_conf()');
  const redis = system.redisUrl === undefined ? undefined : new Redis(system.redisUrl);

  const countTransactions = async () => {
    await superuser.rows('select pg_stat_clear_snapshot()');
    const [row] = await superuser.rows(
      'select (xact_commit + xact_rollback)::int as n from pg_stat_database where datname = $1',
      [databaseName],
    );
    return Number(row?.['n']);
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
    // Backends report their last work when they have been idle for a second, within ten at the latest.
    let before = await countTransactions();
    for (let quietMs = 0; quietMs < 2500; quietMs += 250) {
      await delay(250);
      const now = await countTransactions();
      if (now !== before) quietMs = 0;
      before = now;
    }
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
    await delay(1500);
    const queries = (await countTransactions()) - before;
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
