// A long read of the database as it is at one instant, for whoever goes through a whole table: read-only, on a
// connection of its own, page by page, so that memory stays bounded. Writers and the sealer never wait for it.

import pg from 'pg';
import { copyRows, type Room } from './copy-rows.ts';
import type { Queryable, Sql } from './database.ts';
import { exactTypes } from './exact-types.ts';

export interface Snapshot extends Queryable {
  /** All rows of one statement, in pages; the next one is on its way while the caller works on one. */
  stream<Row>(sql: Sql, pageRows: number): AsyncGenerator<Row[]>;
  /** All rows of a query without parameters in binary form (copy-rows.ts), good until the room is used again. */
  copy(query: string, room: Room): Promise<Buffer>;
}

const connectMs = 5000;
// Of one page. Whoever takes the pages may be slow (a pipe), but not for ever: a snapshot keeps old rows alive.
const pageMs = 60_000;
const idleMs = 600_000;

const options = [
  'role=pi_app',
  `statement_timeout=${pageMs}`,
  `idle_in_transaction_session_timeout=${idleMs}`,
  // For statements that read millions of rows in small steps it only costs.
  'jit=off',
];

/** @throws {Error} when the database is away or the application's role cannot be taken. */
export async function readSnapshot<T>(url: string, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    options: options.map((option) => `-c ${option}`).join(' '),
    application_name: 'pi-read',
    connectionTimeoutMillis: connectMs,
    query_timeout: pageMs + connectMs,
    keepAlive: true,
    types: exactTypes,
  });
  client.on('error', () => undefined); // a lost connection also fails the query that runs
  await client.connect();
  try {
    await client.query('begin isolation level repeatable read, read only');
    return await work(snapshotOn(client));
  } finally {
    await client.end(); // ends the transaction, too
  }
}

/** On a connection that is in a transaction already. */
export function snapshotOn(client: pg.Client): Snapshot {
  let cursors = 0;
  let asked: Promise<unknown> = Promise.resolve();

  /** One after the other: a page may be on its way when another is asked for. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const answer = asked.then(work);
    asked = answer.catch(() => undefined);
    return answer;
  }

  const ask = <Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
    inTurn(async () => {
      const { rows } = await client.query<Row & pg.QueryResultRow>(text, [...values]);
      return rows;
    });

  return {
    query: ({ text, values }) => ask(text, values),
    copy: (query, room) => inTurn(() => copyRows(client, query, room)),
    async *stream<Row>({ text, values }: Sql, pageRows: number) {
      const cursor = `page_${cursors++}`;
      const fetch = () => ask<Row>(`fetch ${pageRows} from ${cursor}`);
      await ask(`declare ${cursor} no scroll cursor for ${text}`, values);
      let next = fetch();
      try {
        for (let page = await next; page.length > 0; page = await next) {
          if (page.length === pageRows) {
            next = fetch();
            // Its failure is told where it is awaited.
            next.catch(() => undefined);
          }
          yield page;
          if (page.length < pageRows) break;
        }
      } finally {
        await next.catch(() => undefined);
        await ask(`close ${cursor}`).catch(() => undefined);
      }
    },
  };
}
