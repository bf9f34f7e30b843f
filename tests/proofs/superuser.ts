// The database as its superuser sees it: what a proof counts, and how it moves a session's times by the
// database's own clock instead of waiting.

import { Client } from 'pg';

export type Superuser = {
  /** The rows of one statement. */
  rows(sql: string, values?: readonly unknown[]): Promise<Record<string, string | number | null>[]>;
  /** Events of a kind that concern a user, or a session. */
  countEvents(event: string, id: string): Promise<number>;
  /** Sets a session's last rotation back, as if so many milliseconds had gone by since. */
  setRotationBack(sessionId: string, agoMs: number): Promise<void>;
  close(): Promise<void>;
};

export async function openSuperuser(url: string): Promise<Superuser> {
  const client = new Client({ connectionString: url });
  // A server that ends while nothing is asked: the next statement tells it.
  client.on('error', () => undefined);
  await client.connect();
  const rows: Superuser['rows'] = async (sql, values = []) =>
    (await client.query<Record<string, string | number | null>>(sql, [...values])).rows;
  return {
    rows,
    async countEvents(event, id) {
      const text =
        'select count(*)::int as n from audit_events where event = $1 and (target_id = $2 or session_id = $2)';
      return Number((await rows(text, [event, id]))[0]?.['n']);
    },
    async setRotationBack(sessionId, agoMs) {
      const text = `update sessions set rotated_at = clock_timestamp() - make_interval(secs => $2) where id = $1`;
      await rows(text, [sessionId, agoMs / 1000]);
    },
    close: () => client.end(),
  };
}
