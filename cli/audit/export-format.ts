// What a format of `pi audit export` says of each part of the log. To add one: a file beside ndjson-format.ts, and its
// name in export-formats.ts; ranges, progress and going on after an interruption are the same for all.

import type { ExportEnd, ExportHead } from '@pi-gateway/auth/audit/export-lines.ts';
import type { LoggedEvent, StoredSeal } from '@pi-gateway/auth/audit/log-part.ts';

export type ExportFormat = {
  /**
   * True: seals are written, and since they prove their events only together, all events of each seal that the range
   * touches. False: exactly the events of the range.
   */
  readonly hasSeals: boolean;
  /** The start of the file. */
  readonly head: (head: ExportHead) => string;
  /** Before the events that it holds; only when `hasSeals`. */
  readonly seal?: (seal: StoredSeal) => string;
  readonly event: (event: LoggedEvent) => string;
  readonly end: (end: ExportEnd) => string;
};
