// One connection to Redis that is never waited for: a command sent while it is away fails at once (no offline
// queue), one that is not answered in time fails then, none is sent again by itself. It reconnects for ever.
// Callers therefore expect every command to fail and have an answer of their own for that.

import type { Log } from '@pi-gateway/log/log.ts';
import { Redis } from 'ioredis';

export type RedisConnection = {
  /** `redis://…`, `rediss://…` or the path of a unix socket. Never logged: it may hold a password. */
  readonly url: string;
  /** Shown by CLIENT LIST and in the log. */
  readonly name: string;
  /** How long a command may take, in milliseconds; the handshake's too. */
  readonly commandTimeoutMs: number;
  readonly log: Log;
};

const reconnectMs = { first: 50, most: 1_000 };

export function connectRedis({ url, name, commandTimeoutMs, log }: RedisConnection): Redis {
  const redis = new Redis(url, {
    connectionName: `pi-gateway-${name}`,
    disableClientInfo: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    connectTimeout: 2_000,
    // A peer that vanished without a word: cut the connection, or it would be kept until TCP gives up.
    socketTimeout: Math.max(1_000, commandTimeoutMs * 2),
    // Replies have the same shape with every Redis, proxies and old ones included.
    protocol: 2,
    retryStrategy: (attempt) =>
      Math.min(reconnectMs.first * 2 ** Math.min(attempt - 1, 10), reconnectMs.most) *
      (0.5 + Math.random() / 2),
    // After a failover the old primary refuses writes: a new connection may find the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
  // Each change is told once; the attempts in between would only fill the log. The error itself is not handed
  // to the log, because a refused AUTH carries its arguments.
  let isAway = false;
  redis.on('error', (error: Error) => {
    if (!isAway) log.warn({ redis: name, reason: error.message }, 'Redis is away');
    isAway = true;
  });
  redis.on('ready', () => {
    if (isAway) log.info({ redis: name }, 'Redis is back');
    isAway = false;
  });
  return redis;
}
