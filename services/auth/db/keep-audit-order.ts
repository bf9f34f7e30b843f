// The audit log is ordered by transaction ids. A server that a dump was restored into counts its transactions anew,
// maybe below what is sealed already, where nothing may appear: from then on the count goes on above the old one.

import type pg from 'pg';

// A number that is none of ours counts for nothing; JavaScript holds the others exactly.
const txMax = 2 ** 52;

/** On a connection of the owner that holds the migration lock, before anything writes. */
export async function keepAuditOrder(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ offset: string | null }>(
    `select audit_tx('0') + highest - audit_tx(pg_current_xact_id()) + 1 as offset
      from (select max(tx) as highest from (
        (select (statement::json ->> 'through_tx')::bigint as tx from audit_seals order by number desc limit 1)
        union all select max(tx) from audit_log where tx < $1) as known) as log
      where highest >= audit_tx(pg_current_xact_id())`,
    [txMax],
  );
  const offset = rows[0]?.offset;
  if (offset === undefined || offset === null) return;
  await client.query(
    `create or replace function audit_tx(xid xid8) returns bigint
      language sql immutable strict parallel safe
      as $$ select xid::text::bigint + ${BigInt(offset)} $$`,
  );
}
