// The one way to PostgreSQL: named statements over a bounded pool. Whatever fails because the database is
// away, slow, read-only or full becomes `unavailable` (503) before the deadline; a mistake of ours in a
// statement stays what it is and becomes a 500.

import type { Log } from '@pi-gateway/log/log.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import pg from 'pg';
import { exactTypes } from './exact-types.ts';
import { isOperational } from './operational-error.ts';
import { spendTime, timeLeftMs } from './time-budget.ts';

/** One statement; the name makes PostgreSQL keep its plan. */
export type Sql = { readonly name: string; readonly text: string; readonly values: readonly unknown[] };

export interface Queryable {
  /** @throws {AppError} `unavailable` when the database cannot answer now. */
  query<Row>(sql: Sql): Promise<Row[]>;
}

export interface Database extends Queryable {
  /** Commits what `work` did when it resolves, else rolls back. `work` must not wait for anything but queries. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  readonly counts: () => { readonly total: number; readonly idle: number; readonly waiting: number };
  close(): Promise<void>;
}

export type DatabaseOptions = {
  readonly url: string;
  readonly poolMax: number;
  readonly log: Log;
  /** From the call to its end, waiting for a connection included; unset: as long as a request may wait. */
  readonly deadlineMs?: number;
  /** Whoever the connection is of, instead of the application's role: for what only the owner of the schema may. */
  readonly asOwner?: boolean;
};

const requestDeadlineMs = 1600;
const acquireMs = 1300;
const waitingMax = 1000;
// The server gives up on a statement before we do: then it says so, and the connection is good for the next.
const statementSpareMs = 100;
const lockSpareMs = 300;
// What a transaction may be idle for is over soon after its time: one whose client vanished without a word, or stands
// still, would keep its locks until then, and everybody who wants them waiting.
const idleInTransactionSpareMs = 400;
const idleInTransactionMsMax = 5000;
const idleConnectionMs = 30_000;
// The pool lets go of an idle connection before the server does. What the server ends had its client vanish without a
// word (a machine lost, a firewall that forgot), and would keep its place of max_connections for hours.
const idleSessionSpareMs = 15_000;

// `pg` reads it from a query; its types do not know.
type TimedQuery = pg.QueryConfig<unknown[]> & { readonly query_timeout: number };

// The role and the time limits come with the connection itself, so that no query can run without them.
const startupOptions = (deadlineMs: number, asOwner: boolean) =>
  [
    ...(asOwner ? [] : ['role=pi_app']),
    `statement_timeout=${deadlineMs - statementSpareMs}`,
    `lock_timeout=${deadlineMs - lockSpareMs}`,
    `idle_in_transaction_session_timeout=${Math.min(deadlineMs + idleInTransactionSpareMs, idleInTransactionMsMax)}`,
    `idle_session_timeout=${idleConnectionMs + idleSessionSpareMs}`,
  ]
    .map((option) => `-c ${option}`)
    .join(' ');

export function openDatabase({
  url,
  poolMax,
  log,
  deadlineMs = requestDeadlineMs,
  asOwner = false,
}: DatabaseOptions): Database {
  let pool = newPool();
  // When the server last answered anything, whatever it was.
  let heardMs = 0;

  function newPool(): pg.Pool {
    const made = new pg.Pool({
      connectionString: url,
      options: startupOptions(deadlineMs, asOwner),
      application_name: 'pi-auth',
      max: poolMax,
      connectionTimeoutMillis: acquireMs,
      idleTimeoutMillis: idleConnectionMs,
      keepAlive: true,
      types: exactTypes,
    });
    // Without these handlers a connection that the server closes would end the process: one that is idle, and
    // one that is checked out but has no query under way to be failed.
    made.on('connect', (client) => client.on('error', () => undefined));
    // Not the error itself: the pool hangs the whole client on it, with the key by which its query could be cancelled.
    made.on('error', ({ message }) => log.warn({ reason: message }, 'an idle database connection was lost'));
    return made;
  }

  // A server that fell silent leaves every connection of the pool dead: drop them all at once, so that the
  // first request after its return finds a fresh one. One that answers others while a statement waits for a lock
  // is not silent: then this connection alone is dropped.
  function replacePool(stale: pg.Pool): void {
    if (stale !== pool || stale.ending) return;
    pool = newPool();
    void stale.end();
  }

  async function withClient<T>(work: (tx: Queryable) => Promise<T>, atomic: boolean): Promise<T> {
    const from = pool;
    const startMs = performance.now();
    const deadline = startMs + Math.min(deadlineMs, timeLeftMs());
    if (from.waitingCount >= waitingMax) throw new AppError('overloaded');
    let client: pg.PoolClient | undefined;
    let broken = false;
    let askedMs = startMs;
    const query = async <Row>({ name, text, values }: Sql): Promise<Row[]> => {
      askedMs = performance.now();
      const config: TimedQuery = {
        name,
        text,
        values: [...values],
        query_timeout: Math.max(1, Math.ceil(deadline - askedMs)),
      };
      const result = await client!.query<Row & pg.QueryResultRow>(config);
      heardMs = performance.now();
      return result.rows;
    };
    try {
      client = await connectBefore(deadline, from);
      if (atomic) await query(begin);
      const value = await work({ query });
      if (atomic) await query(commit);
      return value;
    } catch (error) {
      broken = isOperational(error);
      if (error instanceof pg.DatabaseError) heardMs = performance.now();
      else if (broken && client !== undefined && heardMs < askedMs) replacePool(from);
      if (atomic && !broken && client !== undefined) await query(rollback).catch(() => (broken = true));
      if (broken) throw new AppError('unavailable', { cause: error });
      throw error;
    } finally {
      client?.release(broken);
      spendTime(performance.now() - startMs);
    }
  }

  return {
    query: (sql) => withClient((tx) => tx.query(sql), false),
    transaction: (work) => withClient(work, true),
    counts: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: () => pool.end(),
  };
}

/** A connection of the pool; one that comes too late goes back unused. */
async function connectBefore(deadline: number, pool: pg.Pool): Promise<pg.PoolClient> {
  const leftMs = deadline - performance.now();
  if (leftMs <= 0) throw outOfTime();
  const connecting = pool.connect();
  if (leftMs >= acquireMs) return connecting;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    connecting.then((client) => client.release()).catch(() => undefined);
    late.reject(outOfTime());
  }, leftMs);
  return Promise.race([connecting, late.promise]).finally(() => clearTimeout(timer));
}

function outOfTime(): AppError {
  return new AppError('unavailable', { cause: new Error('the request has waited long enough') });
}

const begin: Sql = { name: 'begin', text: 'begin', values: [] };
const commit: Sql = { name: 'commit', text: 'commit', values: [] };
const rollback: Sql = { name: 'rollback', text: 'rollback', values: [] };
