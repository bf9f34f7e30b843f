// The audit log in the order in which it grows: by transaction and id, behind the horizon, where no event can appear any
// more before one that was read. A place is where a reader has come to.

import type { Place } from '../audit/seal.ts';
import type { Queryable } from '../db/database.ts';
import { type AuditFilter, auditEventColumns, type StoredAuditEvent } from './audit-events.ts';

const lowestId = '00000000-0000-0000-0000-000000000000';

/** Of the newest event behind the horizon. */
export async function findTailEnd(db: Queryable): Promise<Place> {
  const [row] = await db.query<Place>({
    name: 'find-tail-end',
    text: `select tx, id from audit_log where tx < audit_tx(pg_snapshot_xmin(pg_current_snapshot()))
      order by tx desc, id desc limit 1`,
    values: [],
  });
  return row ?? { tx: 0, id: lowestId };
}

export type TailFilter = Pick<AuditFilter, 'event' | 'actorId' | 'targetId' | 'ip'>;
export type TailEvent = StoredAuditEvent & Pick<Place, 'tx'>;

export type TailWindow = {
  /** In order. */
  readonly events: readonly TailEvent[];
  /** How far was looked: at most `limit` events, wanted or not. Undefined: there are none after the place. */
  readonly reached: Place | undefined;
};

const wanted = `($4::text is null or audit_events.event = $4) and ($5::uuid is null or actor_id = $5)
  and ($6::uuid is null or target_id = $6) and ($7::text is null or ip = $7)`;

export async function readTail(
  db: Queryable,
  after: Place,
  filter: TailFilter,
  limit: number,
): Promise<TailWindow> {
  const { event, actorId, targetId, ip } = filter;
  const rows = await db.query<{ reachedTx: number; reachedId: string } & (TailEvent | { id: null })>({
    name: 'read-tail',
    text: `with seen as materialized (
        select tx, id from audit_log
        where (tx, id) > ($1, $2) and tx < audit_tx(pg_snapshot_xmin(pg_current_snapshot()))
        order by tx, id limit $3
      ), found as (
        select audit_events.tx, ${auditEventColumns} from seen join audit_events using (id) where ${wanted}
      )
      select reached.tx as "reachedTx", reached.id as "reachedId", found.*
      from (select tx, id from seen order by tx desc, id desc limit 1) as reached left join found on true
      order by found.tx, found.id`,
    values: [after.tx, after.id, limit, event ?? null, actorId ?? null, targetId ?? null, ip ?? null],
  });
  const [first] = rows;
  return {
    events: rows.filter((row) => row.id !== null),
    reached: first === undefined ? undefined : { tx: first.reachedTx, id: first.reachedId },
  };
}

/** The last `limit` wanted ones among the `windowMax` events up to a place, in order. */
export async function readTailBefore(
  db: Queryable,
  through: Place,
  filter: TailFilter,
  limit: number,
  windowMax: number,
): Promise<TailEvent[]> {
  const { event, actorId, targetId, ip } = filter;
  const rows = await db.query<TailEvent>({
    name: 'read-tail-before',
    text: `with seen as materialized (
        select tx, id from audit_log where (tx, id) <= ($1, $2) order by tx desc, id desc limit $8
      )
      select audit_events.tx, ${auditEventColumns} from seen join audit_events using (id) where ${wanted}
      order by audit_events.tx desc, id desc limit $3`,
    values: [
      through.tx,
      through.id,
      limit,
      event ?? null,
      actorId ?? null,
      targetId ?? null,
      ip ?? null,
      windowMax,
    ],
  });
  return rows.toReversed();
}
