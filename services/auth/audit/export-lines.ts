// The lines of an export that proves itself (docs/reference/audit-export.md): NDJSON, one value a line, in the order in
// which a verification needs them. What is signed or hashed stands there as it was signed or hashed.

import type { PublicJwk } from '../crypto/signing-key.ts';
import { encodeEvent } from './event-record.ts';
import type { LoggedEvent, StoredSeal } from './log-part.ts';

export type ExportHead = {
  /** RFC 3339. */
  readonly at: string;
  /** As it was asked for; null: from the first one, or to the last. */
  readonly from: string | null;
  readonly to: string | null;
  readonly keys: readonly PublicJwk[];
  /** The newest seal of retention, which tells what is gone. */
  readonly drop: { readonly text: string; readonly signature: Buffer } | undefined;
};

export type ExportEnd = { readonly at: string; readonly events: number; readonly seals: number };

const base64url = (bytes: Buffer) => bytes.toString('base64url');

export function encodeHead({ at, from, to, keys, drop }: ExportHead): string {
  const line = {
    type: 'pi-audit-export',
    v: 1,
    at,
    from,
    to,
    keys,
    drop: drop === undefined ? null : { statement: drop.text, signature: base64url(drop.signature) },
  };
  return `${JSON.stringify(line)}\n`;
}

export function encodeSealLine({ number, text, signature, entries }: StoredSeal): string {
  const line = {
    type: 'seal',
    number,
    statement: text,
    signature: base64url(signature),
    entries: entries === null ? null : entries.toString('base64'),
  };
  return `${JSON.stringify(line)}\n`;
}

/** `event` is the very text that the leaf is made of. */
export function encodeEventLine(event: LoggedEvent): string {
  const { person } = event;
  const personal =
    person === null
      ? null
      : { data: person.data, ip: person.ip, salt: person.salt, user_agent: person.userAgent };
  return `{"type":"event","event":${encodeEvent(event)},"personal":${JSON.stringify(personal)}}\n`;
}

export function encodeEnd(end: ExportEnd): string {
  return `${JSON.stringify({ type: 'end', ...end })}\n`;
}
