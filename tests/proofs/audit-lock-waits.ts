// Whether a writer of audit events ever waits for the sealer: sampled out of PostgreSQL's own tables while writers write and
// the sealer seals without a pause. A lock that is taken on purpose shows that the sampling would see one.

import { setTimeout as delay } from 'node:timers/promises';
import { makeSealedLog } from '@pi-gateway/auth/testing/sealed-log.ts';
import { Client } from 'pg';

export type LockWaitOptions = { readonly milliseconds: number; readonly writers: number };

const sealerName = 'pi-auth';
const writerName = 'writer';

const blocked = `select count(*)::int as count from pg_stat_activity as writer
  where application_name = '${writerName}' and datname = current_database() and exists (
    select from unnest(pg_blocking_pids(writer.pid)) as blocker (pid) join pg_stat_activity as sealer using (pid)
    where sealer.application_name = '${sealerName}')`;

export async function measureLockWaits({ milliseconds, writers }: LockWaitOptions) {
  const log = await makeSealedLog();
  const endMs = performance.now() + milliseconds;
  const isOver = () => performance.now() > endMs;
  const connect = async (name: string) => {
    const client = new Client({ connectionString: log.database.url, application_name: name });
    await client.connect();
    return client;
  };
  const insert = (client: Client) =>
    client.query(
      `insert into audit_events (id, at, event, outcome, ip, data)
        select uuid_v7(clock_timestamp()), clock_timestamp(), 'logout', 'success', '192.0.2.1', '{}'
        from generate_series(1, 3)`,
    );
  let [samples, waits, written, rounds] = [0, 0, 0, 0];

  async function write(): Promise<void> {
    const client = await connect(writerName);
    for (; !isOver(); written++) await insert(client);
    await client.end();
  }

  async function seal(): Promise<void> {
    for (; !isOver(); rounds++) await log.sealRound();
  }

  async function sample(): Promise<number> {
    const { rows } = await log.superuser.query<{ count: number }>(blocked);
    return rows[0]!.count;
  }

  async function watch(): Promise<void> {
    for (; !isOver(); samples++) {
      waits += await sample();
      await delay(1);
    }
  }

  /** How a wait would look. */
  async function control(): Promise<number> {
    const [sealer, writer] = [await connect(sealerName), await connect(writerName)];
    await sealer.query('begin; lock table audit_log in share mode');
    const inserted = insert(writer);
    const deadline = performance.now() + 10_000;
    let seen = 0;
    while (seen === 0 && performance.now() < deadline) seen = await sample();
    await sealer.query('rollback');
    await inserted;
    await Promise.all([sealer.end(), writer.end()]);
    return seen;
  }

  try {
    await Promise.all([...Array.from({ length: writers }, write), seal(), watch()]);
    return { samples, waits, transactions: written, sealingRounds: rounds, controlSeen: await control() };
  } finally {
    await log.close();
  }
}
