// What the service does by itself: follow what other auth processes changed, and clean up in small batches.
// A round that fails is logged and tried again at the next tick; rounds of one kind never overlap.

import type { AuthDeps } from '../deps.ts';
import { deleteExpiredRegistrations } from '../store/pending-registrations.ts';
import { deleteOldRefusalBatches } from '../store/refusal-batches.ts';
import { deleteExpiredRevocations } from '../store/revocations.ts';
import { deleteEndedSessions } from '../store/sessions.ts';
import { deleteSettledDeliveries } from '../store/webhook-deliveries.ts';

// What another process withdrew holds here within a second, the time to ask included.
const followMs = 500;
const sealMs = 1000;
const refusalsMs = 1000;
const webhooksMs = 1000;
const cleanMs = 30_000;
const monthsMs = 6 * 3_600_000;
const retentionMs = 15 * 60_000;
const batch = 500;
const batchesPerRound = 20;
const keptSeconds = 60;
const deliveredKept = 10_000;
const deliveriesBatch = 5000;

type Deps = Pick<
  AuthDeps,
  | 'config'
  | 'db'
  | 'keepAuditMonths'
  | 'keepRetention'
  | 'keyRing'
  | 'log'
  | 'refusals'
  | 'revocations'
  | 'sealer'
  | 'webhooks'
>;

/** @returns a function that stops it and waits for the rounds under way. */
export function startBackground(deps: Deps): () => Promise<void> {
  const stops = [
    repeat(followMs, 'following the database failed', deps, async () => {
      await deps.revocations.poll();
      await deps.keyRing.maintain();
    }),
    repeat(refusalsMs, 'writing refusals failed', deps, () => deps.refusals.flush()),
    repeat(sealMs, 'sealing the audit log failed', deps, () => deps.sealer.round()),
    repeat(webhooksMs, 'sending webhooks failed', deps, () => deps.webhooks.round()),
    repeat(cleanMs, 'cleaning failed', deps, () => clean(deps)),
    repeat(monthsMs, 'making the months of the audit log failed', deps, deps.keepAuditMonths),
    repeat(retentionMs, 'dropping old months of the audit log failed', deps, deps.keepRetention),
  ];
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}

async function clean({ db, config }: Deps): Promise<void> {
  // As long as an access token of the session may live its row answers for it.
  const afterSeconds = config.accessTokenTtlSeconds + config.clockSkewSeconds + keptSeconds;
  await drain(() => deleteEndedSessions(db, afterSeconds, batch));
  await drain(() => deleteExpiredRevocations(db, batch));
  await drain(() => deleteExpiredRegistrations(db, batch));
  await drain(() => deleteOldRefusalBatches(db, batch));
  await drain(() => deleteSettledDeliveries(db, deliveredKept, deliveriesBatch), deliveriesBatch);
}

async function drain(deleteBatch: () => Promise<number>, full = batch): Promise<void> {
  for (let i = 0; i < batchesPerRound; i++) {
    if ((await deleteBatch()) < full) return;
  }
}

function repeat(
  intervalMs: number,
  failure: string,
  { log }: Deps,
  work: () => Promise<void>,
): () => Promise<void> {
  let round: Promise<void> | undefined;
  const timer = setInterval(() => {
    round ??= work()
      .catch((err: unknown) => log.warn({ err }, failure))
      .finally(() => {
        round = undefined;
      });
  }, intervalMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await round;
  };
}
