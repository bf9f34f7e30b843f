// Pages of the audit log by its filters, each at a cost that does not grow with the log. Every filter has an index that ends
// in the id. With one filter the page is the front of that index. With several, no index holds their meeting: then the one
// with the fewest events hereabouts is read, a bounded window of it, and the others are looked at in its rows. A window
// may hold fewer events than asked for, or none, and tells where to go on.
//
// Ids are found first, in one table and with bounds that are written out, and events are read by them, by one plan for all
// values: every month's index in its order. Left to itself PostgreSQL guesses how often a value is met, and for the
// busiest accounts it guesses wrong by orders of magnitude.

import type { Database, Queryable } from '../db/database.ts';
import { type AuditFilter, auditEventColumns, type StoredAuditEvent } from './audit-events.ts';

export type AuditSearch = {
  /** Newest first. */
  readonly rows: readonly StoredAuditEvent[];
  /** Go on before this id; undefined: there are no more. */
  readonly resumeId: string | undefined;
};

/** Of the API's pages, and one to know whether more follow. */
const pageMax = 201;
const windowSize = 500;
const lowestId = '00000000-0000-0000-0000-000000000000';
const highestId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

const indexes = {
  targetId: { table: 'audit_log', column: 'target_id', type: 'uuid' },
  actorId: { table: 'audit_log', column: 'actor_id', type: 'uuid' },
  ip: { table: 'audit_personal', column: 'ip', type: 'text' },
  event: { table: 'audit_log', column: 'event', type: 'text' },
} as const;
type Indexed = keyof typeof indexes;

type Span = { readonly beforeId: string; readonly fromId: string };

/** `$1` and `$2` are the span, `$value` what the column equals. */
function front(by: Indexed | undefined, value: number, end: string): string {
  const { table, column, type } =
    by === undefined ? { table: 'audit_log', column: '', type: '' } : indexes[by];
  const equals = by === undefined ? '' : `${column} = $${value}::${type} and`;
  return `select id from ${table} where ${equals} id < $1 and id >= $2 order by id desc ${end}`;
}

/** For the rest of the transaction. */
async function planByIndexes(tx: Queryable): Promise<void> {
  const off = ['sort', 'bitmapscan', 'seqscan', 'hashjoin', 'mergejoin'];
  const settings = off.map((way) => `set_config('enable_${way}', 'off', true)`);
  await tx.query({
    name: 'plan-by-indexes',
    text: `select ${settings.join(', ')}, set_config('plan_cache_mode', 'force_generic_plan', true)`,
    values: [],
  });
}

/**
 * The newest events before `beforeId`, at most `limit` (up to 200).
 * @throws {AppError} `unavailable` when the database cannot answer now.
 */
export async function searchAuditEvents(
  db: Database,
  filter: AuditFilter,
  beforeId: string | undefined,
  limit: number,
): Promise<AuditSearch> {
  const bounds = [beforeId, filter.untilId].filter((id) => id !== undefined).toSorted();
  const span = { beforeId: bounds[0] ?? highestId, fromId: filter.fromId ?? lowestId };
  const given = (Object.keys(indexes) as Indexed[]).filter((by) => filter[by] !== undefined);
  return db.transaction(async (tx) => {
    await planByIndexes(tx);
    return given.length < 2
      ? readFront(tx, span, given[0], filter, limit)
      : searchWindow(tx, span, given, filter, limit);
  });
}

// One after the other (offset 0 keeps it apart), never the other way round: that would read a whole index for a few ids.
const readPage = `select event.* from page cross join lateral (
        select ${auditEventColumns} from audit_events where id = page.id offset 0
      ) as event order by page.id desc`;

async function readFront(
  db: Queryable,
  span: Span,
  by: Indexed | undefined,
  filter: AuditFilter,
  limit: number,
): Promise<AuditSearch> {
  const rows = await db.query<StoredAuditEvent>({
    name: `read-audit-front ${by ?? ''}`,
    text: `with front as materialized (${front(by, 4, `limit ${pageMax}`)}),
        page as materialized (select id from front order by id desc limit $3)
      ${readPage}`,
    values: [span.beforeId, span.fromId, limit + 1, ...(by === undefined ? [] : [filter[by]])],
  });
  return cut(rows, limit, undefined);
}

function cut(found: readonly StoredAuditEvent[], limit: number, windowEnd: string | undefined): AuditSearch {
  const rows = found.slice(0, limit);
  return { rows, resumeId: found.length > limit ? rows.at(-1)?.id : windowEnd };
}

async function searchWindow(
  db: Queryable,
  span: Span,
  given: readonly Indexed[],
  filter: AuditFilter,
  limit: number,
): Promise<AuditSearch> {
  const { by, windowEnd } = await chooseIndex(db, span, given, filter);
  const others = given.filter((other) => other !== by);
  const conditions = others.map((other, i) => `${indexes[other].column} = $${5 + i}::${indexes[other].type}`);
  const person = others.includes('ip') ? 'join audit_personal using (id)' : '';
  const found = await db.query<StoredAuditEvent>({
    name: `search-audit ${by} ${others.join(' ')}`,
    text: `with front as materialized (${front(by, 4, `limit ${4 * windowSize}`)}),
        page as materialized (
          select front.id from front cross join lateral (
            select from audit_log ${person} where audit_log.id = front.id and ${conditions.join(' and ')} offset 0
          ) as met order by front.id desc limit $3
        )
      ${readPage}`,
    // Down to where the window ends, however many have come in front of it meanwhile.
    values: [
      span.beforeId,
      windowEnd ?? span.fromId,
      limit + 1,
      filter[by],
      ...others.map((other) => filter[other]),
    ],
  });
  return cut(found, limit, windowEnd);
}

/** The index whose next window reaches back furthest, and where that window ends; undefined: it holds all there is. */
async function chooseIndex(
  db: Queryable,
  span: Span,
  given: readonly Indexed[],
  filter: AuditFilter,
): Promise<{ readonly by: Indexed; readonly windowEnd: string | undefined }> {
  const ends = given.map((by, i) => `(${front(by, 3 + i, `offset ${windowSize - 1} limit 1`)}) as "${by}"`);
  const [row] = await db.query<Record<Indexed, string | null>>({
    name: `choose-audit-index ${given.join(' ')}`,
    text: `select ${ends.join(', ')}`,
    values: [span.beforeId, span.fromId, ...given.map((by) => filter[by])],
  });
  const reaches = given.map((by) => ({ by, end: row![by] ?? lowestId }));
  const { by, end } = reaches.reduce((best, one) => (one.end < best.end ? one : best));
  return { by, windowEnd: end === lowestId ? undefined : end };
}

/** As many as there are up to `limit`, window after window: for those who have time. */
export async function listAuditEvents(
  db: Database,
  filter: AuditFilter,
  beforeId: string | undefined,
  limit: number,
): Promise<StoredAuditEvent[]> {
  const found: StoredAuditEvent[] = [];
  let before = beforeId;
  for (;;) {
    const { rows, resumeId } = await searchAuditEvents(
      db,
      filter,
      before,
      Math.min(limit - found.length, 200),
    );
    found.push(...rows);
    if (found.length >= limit || resumeId === undefined) return found;
    before = resumeId;
  }
}
