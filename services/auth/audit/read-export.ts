// An export (docs/reference/audit-export.md) read back as the parts of the log. A line is taken only when writing it
// again gives the very same bytes, so that nothing in the file goes unproven.

import type { PublicJwk } from '../crypto/signing-key.ts';
import { type ExportHead, encodeEventLine, encodeSealLine } from './export-lines.ts';
import type { LoggedEvent, LogPart, StoredSeal } from './log-part.ts';

export class ExportFault extends Error {
  override readonly name = 'ExportFault';
  /** The id of the event that the line is of. */
  readonly event: string | undefined;

  constructor(message: string, event?: string) {
    super(message);
    this.event = event;
  }
}

type Line = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Line =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isTextOrNull = (value: unknown) => value === null || isText(value);
const idForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @throws {ExportFault} when it is no export, or one of a later version. */
export function readHead(text: string): ExportHead {
  const line = parse(text);
  if (line?.['type'] !== 'pi-audit-export') throw new ExportFault('it is no audit export');
  if (line['v'] !== 1) throw new ExportFault('it is an export of a later version');
  const { at, from, to, keys, drop } = line as ExportHead &
    Line & { drop: { statement: string; signature: string } };
  const isSound = isText(at) && isTextOrNull(from) && isTextOrNull(to) && Array.isArray(keys);
  if (!isSound || !(drop === null || (isText(drop?.statement) && isText(drop.signature)))) {
    throw new ExportFault('its first line is not whole');
  }
  const own = drop && { text: drop.statement, signature: Buffer.from(drop.signature, 'base64url') };
  return { at, from, to, keys: keys.filter(isObject) as PublicJwk[], drop: own ?? undefined };
}

export type ExportLine =
  | LogPart
  | { readonly kind: 'end'; readonly events: unknown; readonly seals: unknown };

/** @throws {ExportFault} when the line is none that an export has. */
export function readExportLine(text: string): ExportLine {
  const line = parse(text);
  switch (line?.['type']) {
    case 'seal':
      return { kind: 'seal', seal: readSealLine(text, line) };
    case 'event':
      return { kind: 'events', events: [readEventLine(text, line)] };
    case 'end':
      return { kind: 'end', events: line['events'], seals: line['seals'] };
    default:
      throw new ExportFault('it is no line of an export');
  }
}

function parse(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readSealLine(text: string, { number, statement, signature, entries }: Line): StoredSeal {
  if (!isText(statement) || !isText(signature) || !isTextOrNull(entries)) {
    throw new ExportFault('a seal is not whole');
  }
  const seal = {
    number: number as number,
    text: statement,
    signature: Buffer.from(signature, 'base64url'),
    entries: entries === null ? null : Buffer.from(entries, 'base64'),
  };
  if (encodeSealLine(seal) !== `${text}\n`)
    throw new ExportFault(`seal ${String(number)} is not as it was written`);
  return seal;
}

function readEventLine(text: string, { event, personal }: Line): LoggedEvent {
  if (!isObject(event) || !isText(event['id']) || !idForm.test(event['id'])) {
    throw new ExportFault('an event has no id');
  }
  const row = event as Record<string, never>;
  const person = isObject(personal) ? (personal as Record<string, never>) : null;
  const read: LoggedEvent = {
    id: event['id'],
    tx: row['tx']!,
    at: row['at']!,
    event: row['event']!,
    outcome: row['outcome']!,
    actorId: row['actor_id']!,
    targetId: row['target_id']!,
    sessionId: row['session_id']!,
    requestId: row['request_id']!,
    data: row['data'],
    personalHash: row['personal_hash']!,
    person: person && {
      salt: person['salt']!,
      ip: person['ip']!,
      userAgent: person['user_agent']!,
      data: person['data'],
    },
  };
  if (!isAsWritten(read, text)) throw new ExportFault('the event is not as it was written', read.id);
  return read;
}

function isAsWritten(event: LoggedEvent, text: string): boolean {
  try {
    return encodeEventLine(event) === `${text}\n`;
  } catch {
    return false; // a member is missing
  }
}
