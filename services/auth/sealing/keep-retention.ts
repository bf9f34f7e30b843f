// Retention while the service runs: the months older than AUDIT_RETENTION_MONTHS go, when they are whole and sealed.

import type { Log } from '@pi-gateway/log/log.ts';
import { openDatabase } from '../db/database.ts';
import type { Anchors } from './anchors.ts';
import { dropMonths, monthStart } from './drop-months.ts';

export type RetentionOptions = {
  readonly ownerUrl: string;
  readonly sealKey: Buffer;
  readonly anchors: Anchors;
  readonly log: Log;
  readonly months: number | 'off';
};

// A month of events is counted before it goes.
const deadlineMs = 120_000;

/** One round. Of several auth processes one drops, the others find nothing to do. */
export async function keepRetention({
  ownerUrl,
  sealKey,
  anchors,
  log,
  months,
}: RetentionOptions): Promise<void> {
  if (months === 'off') return;
  const db = openDatabase({ url: ownerUrl, poolMax: 1, log, deadlineMs, asOwner: true });
  try {
    const before = monthStart(Date.now(), months);
    const dropped = await dropMonths(db, { sealKey, before, via: 'retention' });
    if (dropped.kind !== 'dropped') return;
    log.info(
      { before: new Date(before).toISOString(), events: dropped.events },
      'retention dropped old months',
    );
    await anchors.tell(dropped.seal);
  } finally {
    await db.close();
  }
}
