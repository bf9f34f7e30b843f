// `--format csv`: a table for spreadsheets (RFC 4180: CRLF, a head, quotes doubled). Every cell is quoted, and one that a
// spreadsheet would take for a formula gets an apostrophe in front, which shows as text: a user agent is a stranger's to
// choose.

import type { LoggedEvent } from '@pi-gateway/auth/audit/log-part.ts';
import type { ExportFormat } from './export-format.ts';

const columns = [
  'id',
  'at',
  'event',
  'outcome',
  'actor_id',
  'target_id',
  'session_id',
  'ip',
  'user_agent',
  'request_id',
  'data',
] as const;

/** What spreadsheets begin a formula with, their full-width forms included. */
const formulaStart = /^[=+\-@\t\r\n＝＋－＠]/;

function encodeCell(text: string | null | undefined): string {
  if (text === null || text === undefined) return '';
  const shown = formulaStart.test(text) ? `'${text}` : text;
  return `"${shown.replaceAll('"', '""')}"`;
}

const encodeRow = (cells: readonly (string | null | undefined)[]) => `${cells.map(encodeCell).join()}\r\n`;

function encodeEvent(event: LoggedEvent): string {
  const { id, at, outcome, actorId, targetId, sessionId, requestId, person } = event;
  const data = { ...Object(event.data), ...Object(person?.data ?? {}) } as object;
  return encodeRow([
    id,
    at,
    event.event,
    outcome,
    actorId,
    targetId,
    sessionId,
    person?.ip,
    person?.userAgent,
    requestId,
    JSON.stringify(data),
  ]);
}

export const csvFormat: ExportFormat = {
  hasSeals: false,
  head: () => encodeRow(columns),
  event: encodeEvent,
  end: () => '',
};
