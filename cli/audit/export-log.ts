// Writes a range of the audit log in any format, seal by seal. After each few seals stands a checkpoint, from which a
// run that was interrupted goes on; what it had written of events that no seal held yet is written again.

import type { LoggedEvent, LogPart } from '@pi-gateway/auth/audit/log-part.ts';
import type { Snapshot } from '@pi-gateway/auth/db/read-snapshot.ts';
import { readLog } from '@pi-gateway/auth/proving/read-log.ts';
import { listAuditKeys } from '@pi-gateway/auth/store/audit-keys.ts';
import { findDropSeal, findPlaces, findSealOf, type IdRange } from '@pi-gateway/auth/store/audit-reading.ts';
import { findFirstSealNumber, findLastSeal } from '@pi-gateway/auth/store/audit-seals.ts';
import { CliError } from '../cli-error.ts';
import type { ExportFormat } from './export-format.ts';

export type ExportWish = IdRange & {
  readonly format: ExportFormat;
  /** As they were given, for the head. */
  readonly from: string | undefined;
  readonly to: string | undefined;
};

export type Exported = {
  readonly events: number;
  readonly seals: number;
  /** The last one that was written; 0: none. */
  readonly lastSeal: number;
};

export type ExportTarget = {
  readonly resumed: Exported | undefined;
  write(text: string): void;
  checkpoint(state: Exported): void;
};

const eventsPerCheckpoint = 5000;
const nothing: Exported = { events: 0, seals: 0, lastSeal: 0 };

export async function exportLog(
  snapshot: Snapshot,
  { format, from, to, ...range }: ExportWish,
  target: ExportTarget,
  onProgress: (soFar: Exported) => void,
): Promise<Exported> {
  let done = target.resumed ?? nothing;
  let kept = done.events;
  let isFirst = true;
  const isWanted = (event: LoggedEvent) =>
    format.hasSeals ||
    ((range.fromId === undefined || event.id >= range.fromId) &&
      (range.untilId === undefined || event.id < range.untilId));

  function write(part: LogPart): void {
    if (part.kind === 'seal') {
      if (isFirst && done.lastSeal > 0 && part.seal.number !== done.lastSeal + 1) {
        throw new CliError(1, `seal ${done.lastSeal + 1} went since the export was begun: begin it anew`);
      }
      isFirst = false;
      // All of the seals before this one is written.
      if (done.events - kept >= eventsPerCheckpoint) {
        target.checkpoint(done);
        kept = done.events;
      }
      if (format.hasSeals) target.write(format.seal?.(part.seal) ?? '');
      done = { ...done, seals: done.seals + 1, lastSeal: part.seal.number };
    } else {
      const events = part.events.filter(isWanted);
      target.write(events.map(format.event).join(''));
      done = { ...done, events: done.events + events.length };
      onProgress(done);
    }
  }

  if (target.resumed === undefined) {
    const [keys, drop] = [await listAuditKeys(snapshot), await findDropSeal(snapshot)];
    const head = { at: new Date().toISOString(), from: from ?? null, to: to ?? null, drop };
    target.write(format.head({ ...head, keys: keys.map(({ publicJwk }) => publicJwk) }));
  }
  const seals = await findSeals(snapshot, range, done.lastSeal);
  if (seals !== undefined) for await (const part of readLog(snapshot, seals)) write(part);
  target.write(format.end({ at: new Date().toISOString(), events: done.events, seals: done.seals }));
  return done;
}

/** Those that hold the events of the range, after the last one that is written; undefined: there are none. */
async function findSeals(snapshot: Snapshot, range: IdRange, lastWritten: number) {
  const isOpen = range.untilId === undefined;
  if (range.fromId === undefined && isOpen) {
    const first = lastWritten === 0 ? await findFirstSealNumber(snapshot) : lastWritten + 1;
    return { firstSeal: first ?? 1, lastSeal: undefined };
  }
  const places = await findPlaces(snapshot, range);
  if (places === undefined) return undefined;
  const first = lastWritten === 0 ? await findSealOf(snapshot, places.first) : lastWritten + 1;
  const lastSeal = isOpen ? undefined : await findSealOf(snapshot, places.last);
  // All of it may be younger than the last seal.
  return { firstSeal: first ?? ((await findLastSeal(snapshot))?.number ?? 0) + 1, lastSeal };
}
