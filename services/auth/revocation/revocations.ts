// Auth's side of revocation: what it enforces on its own routes, and how what was committed gets out. The set
// is filled from the table at the start; other auth processes' revocations come by polling the same table.

import type { Log } from '@pi-gateway/log/log.ts';
import type { Revocation, RevocationPublisher } from '@pi-gateway/revocation/revocation.ts';
import { RevocationSet } from '@pi-gateway/revocation/revocation-set.ts';
import type { Database } from '../db/database.ts';
import { listRevocationsSince } from '../store/revocations.ts';

// A transaction that began before `asOf` may commit after it: no transaction of ours lives longer.
const overlapMicros = 30_000_000;

export type Revocations = {
  isRevoked(claims: { readonly sub: string; readonly sid: string; readonly jti: string }): boolean;
  /** Enforces here, then tells the gateways; call it after the commit and before the answer. */
  announce(revocations: readonly Revocation[]): Promise<void>;
  /**
   * Takes over what the table has gained; the first call loads it all. What is new goes out too: `pi` has no
   * feed in the embedded run, and a process may die between its commit and its word to the gateways.
   */
  poll(): Promise<void>;
  readonly size: () => number;
};

export function createRevocations(db: Database, publisher: RevocationPublisher, log: Log): Revocations {
  const set = new RevocationSet();
  let since = 0;
  // The database's clock when it last told it, and ours, which nobody sets, at that moment.
  let asOfSeconds = 0;
  let askedMs = performance.now();
  // What the last page held or this process announced since: not new when a page repeats it.
  let told = new Set<string>();

  /** By the database: a clock of this machine that is set must not make anything over. */
  const nowSeconds = () => asOfSeconds + (performance.now() - askedMs) / 1000;

  async function publish(revocations: readonly Revocation[]): Promise<void> {
    // The feed is the fast way, the table the sure one: what is committed is never undone by a feed that fails.
    await publisher.publish(revocations).catch((err) => log.warn({ err }, 'the revocation feed failed'));
  }

  return {
    isRevoked: (claims) => set.isRevoked(claims),
    async announce(revocations) {
      if (revocations.length === 0) return;
      set.apply(revocations, nowSeconds());
      for (const revocation of revocations) told.add(keyOf(revocation));
      await publish(revocations);
    },
    async poll() {
      set.prune(nowSeconds());
      const isFirst = since === 0;
      const seen = new Set<string>();
      const beganMs = performance.now();
      let page = await listRevocationsSince(db, since);
      const { asOf } = page;
      [asOfSeconds, askedMs] = [asOf / 1e6, beganMs];
      for (;;) {
        const { revocations, next } = page;
        set.apply(revocations, nowSeconds());
        // Gateways load everything at their own start: the first reading is no news. But the second tells of
        // the last half minute again, which a process that died meanwhile may have kept to itself.
        if (!isFirst) {
          const news = revocations.filter((revocation) => !told.has(keyOf(revocation)));
          for (const revocation of revocations) seen.add(keyOf(revocation));
          if (news.length > 0) await publish(news);
        }
        if (next === undefined) break;
        page = await listRevocationsSince(db, next.since, next.fromId);
      }
      told = seen;
      since = Math.max(0, asOf - overlapMicros);
    },
    size: () => set.size,
  };
}

function keyOf({ kind, id, notBefore }: Revocation): string {
  return `${kind} ${id} ${notBefore}`;
}
