// The feed between processes: a Redis stream, because whoever was away can go on from the last entry he read,
// which pub/sub cannot. Neither side ever throws into its caller or waits for a Redis that is away; what is not
// delivered is made up for by polling auth.

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@pi-gateway/log/log.ts';
import { connectRedis } from '@pi-gateway/redis-client/connect-redis.ts';
import type { Revocation, RevocationPublisher, RevocationSource } from './revocation.ts';
import { fromWire, toWire } from './revocation-wire.ts';

const streamKey = 'pi:revocations';
const entriesKept = 10_000;
const revocationsPerEntry = 50;
const waitingMax = 10_000;
const publishTimeoutMs = 250;
const publishRetryMs = 500;
const readBlockMs = 500;
const readEntries = 500;
const readRetryMs = 100;
const firstReadMs = 500;
const connectMs = 1_000;

export type RedisPublisher = RevocationPublisher & {
  /**
   * Once Redis is reached, or cannot be, or a second later. A service has long been connected when it publishes; whoever publishes as
   * soon as it is made, and ends then, waits for it: what cannot be sent at once would wait for a process that is gone.
   */
  connected(): Promise<void>;
};

/** Auth's side. What cannot be published now waits (bounded) and is published when Redis is back. */
export function createRedisPublisher(redisUrl: string, log: Log): RedisPublisher {
  const redis = connectRedis({
    url: redisUrl,
    name: 'revocation-publisher',
    commandTimeoutMs: publishTimeoutMs,
    log,
  });
  const waiting: Revocation[] = [];
  // Only one at a time takes from the list.
  let draining: Promise<boolean> | undefined;
  let isAway = false;
  // Unreferenced: it never keeps the process alive.
  const retry = setInterval(() => void drain(), publishRetryMs).unref();

  /** True when all of it stands on the stream. */
  async function addWaiting(): Promise<boolean> {
    try {
      while (waiting.length > 0) {
        const entry = waiting.slice(0, revocationsPerEntry);
        const json = JSON.stringify(entry.map(toWire));
        await redis.xadd(streamKey, 'MAXLEN', '~', entriesKept, '*', 'r', json);
        waiting.splice(0, entry.length);
      }
      isAway = false;
    } catch (error) {
      if (!isAway) log.warn({ reason: (error as Error).message }, 'revocations wait for Redis');
      isAway = true;
    }
    return !isAway;
  }

  function drain(): Promise<boolean> {
    draining ??= addWaiting().finally(() => {
      draining = undefined;
    });
    return draining;
  }

  redis.on('ready', () => void drain());

  return {
    async connected() {
      if (redis.status === 'ready') return;
      const signal = AbortSignal.timeout(connectMs);
      await once(redis, 'ready', { signal }).catch(() => undefined);
    },
    async publish(revocations) {
      for (const revocation of revocations) waiting.push(revocation);
      // The oldest go first: polling has told of them by now. Not while some of them are being sent.
      if (draining === undefined) waiting.splice(0, waiting.length - waitingMax);
      if (isAway) return;
      while (waiting.length > 0 && (await drain()));
    },
    close() {
      clearInterval(retry);
      redis.disconnect();
      return Promise.resolve();
    },
  };
}

/** The gateway's side. It reads what the stream still holds, then follows it; `start` waits half a second at most. */
export function createRedisSource(redisUrl: string, log: Log): RevocationSource {
  const redis = connectRedis({
    url: redisUrl,
    name: 'revocation-source',
    // The connection is its own: XREAD blocks it. Longer than that, Redis hangs.
    commandTimeoutMs: readBlockMs + 1_500,
    log,
  });
  const closing = new AbortController();
  let lastId = '0-0';
  let currentAtMs = Number.NEGATIVE_INFINITY;
  const firstRead = Promise.withResolvers<void>();

  /** A Redis that was flushed or replaced may count from lower ids: then everything it has is new. */
  async function startOverIfReplaced(): Promise<void> {
    const [newest] = await redis.xrevrange(streamKey, '+', '-', 'COUNT', 1);
    if (newest === undefined || isEarlier(newest[0], lastId)) lastId = '0-0';
  }

  async function readOnce(apply: (revocations: readonly Revocation[]) => void): Promise<void> {
    // Before it is current it only fetches what is there, to be current soon.
    const blockMs = currentAtMs < 0 ? 1 : readBlockMs;
    const reply = await redis.xread('COUNT', readEntries, 'BLOCK', blockMs, 'STREAMS', streamKey, lastId);
    const entries = reply?.[0]?.[1] ?? [];
    const revocations = entries.flatMap(([, fields]) => readEntry(fields, log));
    if (revocations.length > 0) apply(revocations);
    lastId = entries.at(-1)?.[0] ?? lastId;
    if (entries.length < readEntries) {
      currentAtMs = performance.now();
      firstRead.resolve();
    }
    if (entries.length === 0) await startOverIfReplaced();
  }

  async function follow(apply: (revocations: readonly Revocation[]) => void): Promise<void> {
    let isSure = false;
    while (!closing.signal.aborted) {
      try {
        if (!isSure) await startOverIfReplaced();
        isSure = true;
        await readOnce(apply);
      } catch {
        isSure = false;
        await delay(readRetryMs, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
      }
    }
  }

  return {
    async start(apply) {
      void follow(apply);
      await Promise.race([firstRead.promise, delay(firstReadMs)]);
    },
    silentMs: () => performance.now() - currentAtMs,
    close() {
      closing.abort();
      redis.disconnect();
      return Promise.resolve();
    },
  };
}

/** The revocations of one entry; what is none is skipped and logged. */
function readEntry(fields: readonly string[], log: Log): Revocation[] {
  const values = readList(fields);
  const revocations = values.map(fromWire).filter((revocation) => revocation !== undefined);
  if (values.length === 0 || revocations.length < values.length) {
    log.warn('an entry of the revocation stream is malformed; what makes no sense in it was skipped');
  }
  return revocations;
}

function readList([name, json = '']: readonly string[]): readonly unknown[] {
  try {
    const values: unknown = JSON.parse(json);
    return name === 'r' && Array.isArray(values) ? values : [];
  } catch {
    return [];
  }
}

/** Compares ids of stream entries, `milliseconds-sequence`. */
function isEarlier(a: string, b: string): boolean {
  const [[aMillis = 0, aSequence = 0], [bMillis = 0, bSequence = 0]] = [a, b].map((id) =>
    id.split('-').map(Number),
  ) as [number[], number[]];
  return aMillis === bMillis ? aSequence < bSequence : aMillis < bMillis;
}
