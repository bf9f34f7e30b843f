// What waits for PostgreSQL and Redis.

import type { Sections } from './row.ts';

const database = 'services/auth/db/database.ts';
const redis = 'packages/redis-client/connect-redis.ts';
const limiter = 'packages/limiter/resilient-limiter.ts';
const feed = 'packages/revocation/redis-feed.ts';

export const storeRows: Sections = {
  'Auth and PostgreSQL': [
    {
      what: 'All waiting of one request for the database, however many statements',
      file: 'services/auth/db/time-budget.ts',
      name: 'perRequestMs',
      after: '503 `unavailable`',
    },
    {
      what: 'One statement or transaction',
      file: database,
      name: 'requestDeadlineMs',
      after: '503 `unavailable`',
    },
    { what: 'For a connection of the pool', file: database, name: 'acquireMs', after: '503 `unavailable`' },
    {
      what: 'Requests that wait for a connection',
      file: database,
      name: 'waitingMax',
      after: '503 `overloaded`',
    },
    {
      what: '`statement_timeout` ends before the deadline by',
      file: database,
      name: 'statementSpareMs',
      after: 'the server cancels, the connection stays',
    },
    {
      what: '`lock_timeout` ends before the deadline by',
      file: database,
      name: 'lockSpareMs',
      after: '503 `unavailable`',
    },
    {
      what: '`idle_in_transaction_session_timeout` ends after the deadline by',
      file: database,
      name: 'idleInTransactionSpareMs',
      after: 'the server rolls back and lets go of the locks',
    },
    { what: 'A connection nobody uses', file: database, name: 'idleConnectionMs', after: 'closed' },
    {
      what: '`idle_session_timeout` ends after that by',
      file: database,
      name: 'idleSessionSpareMs',
      after: 'the server closes it: its client vanished without a word',
    },
    {
      what: 'Following the database: keys and revocations of other auths',
      file: 'services/auth/background/follow.ts',
      name: 'followMs',
      after: 'logged, and tried again at the next tick',
    },
    {
      what: 'A migration: for its turn among processes',
      file: 'services/auth/db/migrate.ts',
      name: 'lockWaitMs',
      after: 'the start fails',
    },
    {
      what: 'A migration: for a table (`lock_timeout`), again and again',
      file: 'services/auth/db/migrate.ts',
      name: 'tableLockMs',
      after: 'whoever waited behind it goes first',
    },
  ],
  'Auth and gateway, and Redis': [
    {
      what: 'A request for its limit',
      file: limiter,
      name: 'answerMs',
      after: 'counted in this process from then on',
    },
    {
      what: 'Between two looks for a lost Redis, at first',
      file: limiter,
      name: 'first',
      after: 'twice as long',
    },
    { what: 'Between two looks for a lost Redis, at most', file: limiter, name: 'most', after: 'again' },
    { what: 'For a connection', file: redis, name: 'connectTimeout', after: 'tried again' },
    {
      what: 'Before it connects anew, at first (half to all of it, by chance)',
      file: redis,
      name: 'first',
      after: 'twice as long',
    },
    { what: 'Before it connects anew, at most', file: redis, name: 'most', after: 'again' },
    {
      what: 'The connection of a command of `pi` that has revocations to tell',
      file: feed,
      name: 'connectMs',
      after: 'it ends, and gateways ask auth',
    },
    {
      what: 'A revocation to be published',
      file: feed,
      name: 'publishTimeoutMs',
      after: 'waits, and gateways ask auth',
    },
    { what: 'Between two tries to publish', file: feed, name: 'publishRetryMs', after: 'again' },
    {
      what: 'Revocations that wait for Redis',
      file: feed,
      name: 'waitingMax',
      after: 'the oldest are left to polling',
    },
  ],
};
