// An event as it is proven: the exact text that a leaf of the Merkle tree is made of. Canonical JSON of every column,
// so that a line of an export holds all it takes (docs/reference/audit-seals.md).

import { canonicalJson } from './canonical-json.ts';

/** A row of audit_log, as text where text is exact. */
export type EventRecord = {
  readonly id: string;
  /** Where its transaction stands in the order of the log. */
  readonly tx: number;
  /** RFC 3339, UTC, microseconds. */
  readonly at: string;
  readonly event: string;
  readonly outcome: string;
  readonly actorId: string | null;
  readonly targetId: string | null;
  readonly sessionId: string | null;
  readonly requestId: string | null;
  readonly data: unknown;
  /** Hexadecimal; null: the event says nothing of a person. */
  readonly personalHash: string | null;
};

const quoted = (text: string | null) => (text === null ? 'null' : JSON.stringify(text));

/** The same as `canonicalJson` of its members, spelt out: it runs for every event that is sealed or verified. */
export function encodeEvent(record: EventRecord): string {
  return (
    `{"actor_id":${quoted(record.actorId)},"at":${quoted(record.at)},"data":${canonicalJson(record.data)}` +
    `,"event":${quoted(record.event)},"id":${quoted(record.id)},"outcome":${quoted(record.outcome)}` +
    `,"personal_hash":${quoted(record.personalHash)},"request_id":${quoted(record.requestId)}` +
    `,"session_id":${quoted(record.sessionId)},"target_id":${quoted(record.targetId)},"tx":${record.tx},"v":1}`
  );
}
