// The auth service of audit-cost.ts, in a process of its own: as it is, or without a single audit event. No setting
// turns events off: here the statements that write them are taken out between the service and its database.

import { startAuth } from '@pi-gateway/auth/app.ts';
import { readAuthConfig } from '@pi-gateway/auth/config.ts';
import type { Database, Queryable } from '@pi-gateway/auth/db/database.ts';
import { openAuthDeps } from '@pi-gateway/auth/deps.ts';
import { storeBornEvents } from '@pi-gateway/auth/store/audit-events.ts';
import { createLog } from '@pi-gateway/log/log.ts';

type Sql = Parameters<Queryable['query']>[0];

const isOff = process.argv[2] === 'off';
const nothing = 'side as (select), log as (select)';

function query<Row>(db: Queryable, sql: Sql): Promise<Row[]> {
  if (sql.name === 'insert-audit-events') return Promise.resolve([]);
  const text = sql.text.replace(storeBornEvents, nothing);
  return db.query<Row>(text === sql.text ? sql : { ...sql, name: `${sql.name}-without-event`, text });
}

function withoutEvents(db: Database): Database {
  return {
    ...db,
    query: (sql) => query(db, sql),
    transaction: (work) => db.transaction((tx) => work({ query: (sql) => query(tx, sql) })),
  };
}

const config = readAuthConfig(process.env);
const log = createLog({ service: 'auth', level: 'warn' });
const deps = await openAuthDeps(config, { log, threadPoolSize: process.env['UV_THREADPOOL_SIZE'] ?? '4' });
const auth = await startAuth(config, isOff ? { ...deps, db: withoutEvents(deps.db) } : deps);
process.send?.(auth.url);
