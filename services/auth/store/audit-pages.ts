// The audit log in order, for a verification of millions of events: a page of rows comes as one value, in PostgreSQL's
// own binary form (record_send), so that neither side makes text of anything.

import type { Place } from '../audit/seal.ts';
import type { Queryable } from '../db/database.ts';

/** The next events after a place, each with its side row, in base64 for `readPageRows`; undefined: there are none. */
export async function readPage(db: Queryable, after: Place, limit: number): Promise<string | undefined> {
  const [row] = await db.query<{ page: string | null }>({
    name: 'read-page',
    text: `select encode(string_agg(line, ''), 'base64') as page from (
        select record_send(row(log.tx, log.id, log.at, log.event, log.outcome, log.actor_id, log.target_id,
          log.session_id, log.request_id, log.data, log.personal_hash,
          personal.salt, personal.ip, personal.user_agent, personal.data)) as line
        from audit_log as log left join audit_personal as personal on personal.id = log.id
        where (log.tx, log.id) > ($1, $2) order by log.tx, log.id limit $3) as page`,
    values: [after.tx, after.id, limit],
  });
  return row?.page ?? undefined;
}

/** In the order of the statement above. */
export const columnsOfPage = {
  tx: 0,
  id: 1,
  at: 2,
  event: 3,
  outcome: 4,
  actorId: 5,
  targetId: 6,
  sessionId: 7,
  requestId: 8,
  data: 9,
  personalHash: 10,
  salt: 11,
  ip: 12,
  userAgent: 13,
  personalData: 14,
} as const;

const columnCount = Object.keys(columnsOfPage).length;

/** Where each value of one row lies in the page; -1 as its length: null. The same object for every row. */
export type RowPlaces = { readonly starts: Int32Array; readonly lengths: Int32Array };

/** One row after the other. @throws {Error} for what is no such page. */
export function* readPageRows(page: Buffer): Generator<RowPlaces> {
  const [starts, lengths] = [new Int32Array(columnCount), new Int32Array(columnCount)];
  for (let at = 0; at < page.length; ) {
    if (page.readInt32BE(at) !== columnCount) throw new Error('the page of the audit log has another form');
    at += 4;
    for (let i = 0; i < columnCount; i++) {
      // Each value after the number of its type and its length.
      const length = page.readInt32BE(at + 4);
      at += 8;
      starts[i] = at;
      lengths[i] = length;
      if (length > 0) at += length;
    }
    yield { starts, lengths };
  }
}
