// Table revocations: what gateways must refuse, kept as long as a token it could hit may live. Written in the
// transaction that causes it; read by every auth process and, through auth, by the gateways' second source.

import type { Revocation } from '@pi-gateway/revocation/revocation.ts';
import type { Queryable } from '../db/database.ts';

/** `notBefore` in microseconds, `lifeSeconds` from now on. Returns them as they are published. */
export async function insertRevocations(
  db: Queryable,
  revocations: readonly {
    readonly kind: Revocation['kind'];
    readonly id: string;
    readonly notBefore: number;
  }[],
  lifeSeconds: number,
): Promise<Revocation[]> {
  if (revocations.length === 0) return [];
  return db.query<Revocation>({
    name: 'insert-revocations',
    text: `insert into revocations (kind, id, not_before, until, created_at)
      select kind, id, from_micros(micros), clock_timestamp() + make_interval(secs => $4), clock_timestamp()
      from unnest($1::text[], $2::uuid[], $3::bigint[]) as given (kind, id, micros)
      on conflict do nothing
      returning kind, id, micros(not_before) as "notBefore", ceil(extract(epoch from until))::bigint as until`,
    values: [
      revocations.map(({ kind }) => kind),
      revocations.map(({ id }) => id),
      revocations.map(({ notBefore }) => notBefore),
      lifeSeconds,
    ],
  });
}

/** Those of one session or user that are in force, as they were published. */
export async function listRevocationsOf(
  db: Queryable,
  kind: 'session' | 'user',
  id: string,
): Promise<Revocation[]> {
  return db.query<Revocation>({
    name: 'list-revocations-of',
    text: `select kind, id, micros(not_before) as "notBefore", ceil(extract(epoch from until))::bigint as until
      from revocations where kind = $1 and id = $2 and until > clock_timestamp()`,
    values: [kind, id],
  });
}

export type RevocationPage = {
  readonly asOf: number;
  readonly revocations: Revocation[];
  /** Where the next page begins; undefined: this was the last. */
  readonly next: { readonly since: number; readonly fromId: string } | undefined;
};

// A million are read in pages: each well within the time a statement has, and cheap to hold.
const pageRows = 5000;
const leastId = '00000000-0000-0000-0000-000000000000';

/**
 * Living ones written at or after `since` (microseconds; 0: all), oldest first; of that very microsecond those
 * from `fromId` on. `asOf` is read before them. Pages overlap by the row they meet at.
 */
export async function listRevocationsSince(
  db: Queryable,
  since: number,
  fromId: string = leastId,
): Promise<RevocationPage> {
  const [clock] = await db.query<{ now: number }>({
    name: 'read-clock',
    text: 'select micros(clock_timestamp()) as now',
    values: [],
  });
  const rows = await db.query<Revocation & { readonly createdAt: number }>({
    name: 'list-revocations-since',
    text: `select kind, id, micros(not_before) as "notBefore", ceil(extract(epoch from until))::bigint as until,
        micros(created_at) as "createdAt"
      from revocations
      where (created_at, id) >= (from_micros($1), $2::uuid) and until > clock_timestamp()
      order by created_at, id limit $3`,
    values: [since, fromId, pageRows],
  });
  const last = rows.length < pageRows ? undefined : rows.at(-1);
  return {
    asOf: clock!.now,
    revocations: rows.map(({ kind, id, notBefore, until }) => ({ kind, id, notBefore, until })),
    next: last && { since: last.createdAt, fromId: last.id },
  };
}

/** Removes up to `limit` of those that no token needs any more. Locks none: the role may not, and nobody holds them. */
export async function deleteExpiredRevocations(db: Queryable, limit: number): Promise<number> {
  const rows = await db.query({
    name: 'delete-expired-revocations',
    text: `delete from revocations where ctid in (
        select ctid from revocations where until < clock_timestamp() - interval '1 minute' limit $1)
      returning id`,
    values: [limit],
  });
  return rows.length;
}
