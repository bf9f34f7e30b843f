// Pages of the audit log out of the database, digested: the fast way of a verification, some microseconds an event. It
// writes the very bytes that `encodeEvent` and `hashPersonal` write (read-log.test.ts holds one against the other).

import { hash } from 'node:crypto';
import { uuidBytes } from '@pi-gateway/uuid/uuid-bytes.ts';
import { openByteText } from '../audit/byte-text.ts';
import { canonicalJson } from '../audit/canonical-json.ts';
import {
  type DigestedEvents,
  type EventNames,
  erasureName,
  openDigests,
  type PersonState,
} from '../audit/digested-events.ts';
import { openTimeWriter, readBigint } from '../audit/exact-time-bytes.ts';
import type { CopiedRow } from '../db/copy-rows.ts';
import type { Snapshot } from '../db/read-snapshot.ts';
import { type AuditPage, type ExactPlace, eventAt, openPageRoom, readPage } from '../store/audit-pages.ts';
import { sideAt } from '../store/audit-sides.ts';

const eventsPerPage = 5000;

/** Events after a place, in the order of the log; the next page is on its way while the caller works on one. */
export async function* digestPages(
  snapshot: Snapshot,
  start: ExactPlace | undefined,
): AsyncGenerator<DigestedEvents> {
  const digest = openDigester();
  let [room, other] = [openPageRoom(), openPageRoom()];
  let next: Promise<AuditPage> | undefined = readPage(snapshot, start, eventsPerPage, room);
  while (next !== undefined) {
    const page: AuditPage = await next;
    [room, other] = [other, room];
    next = page.next && readPage(snapshot, page.next, eventsPerPage, room);
    // Its failure is told where it is awaited.
    next?.catch(() => undefined);
    if (page.count > 0) yield digest(page);
  }
}

const bytesOf = (text: string) => Buffer.from(text);
const leafStart = bytesOf('\0{"actor_id":');
const personStart = bytesOf('pi-audit-personal/v1\n{"data":');
const members = {
  at: bytesOf(',"at":"'),
  data: bytesOf('","data":'),
  event: bytesOf(',"event":'),
  id: bytesOf(',"id":"'),
  outcome: bytesOf('","outcome":'),
  personalHash: bytesOf(',"personal_hash":'),
  requestId: bytesOf(',"request_id":'),
  sessionId: bytesOf(',"session_id":'),
  targetId: bytesOf(',"target_id":'),
  tx: bytesOf(',"tx":'),
  ip: bytesOf(',"ip":'),
  salt: bytesOf(',"salt":"'),
  userAgent: bytesOf('","user_agent":'),
};
const leafEnd = bytesOf(',"v":1}');
const [quoteMark, nullText, brace, noData] = ['"', 'null', '}', '{}'].map(bytesOf) as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
];

function openDigester(): (page: AuditPage) => DigestedEvents {
  const text = openByteText();
  const writeTime = openTimeWriter();
  const canonical = rememberCanonical();

  function writeUuid({ bytes, starts, lengths }: CopiedRow, column: number): void {
    if (lengths[column]! < 0) return text.write(nullText);
    text.write(quoteMark);
    text.writeUuid(bytes, starts[column]!);
    text.write(quoteMark);
  }

  function writeQuoted({ bytes, starts, lengths }: CopiedRow, column: number): void {
    text.writeQuoted(bytes, starts[column]!, lengths[column]!);
  }

  /** jsonb in binary form is its text after the number of a version. */
  function writeJson({ bytes, starts, lengths }: CopiedRow, column: number): void {
    const [start, length] = [starts[column]! + 1, lengths[column]! - 1];
    if (length < 0) text.write(nullText);
    else if (length === 2 && bytes[start] === noData[0] && bytes[start + 1] === noData[1]) text.write(noData);
    else text.writeText(canonical(bytes.toString('utf8', start, start + length)));
  }

  function writeLeaf(row: CopiedRow, tx: number): void {
    const { bytes, starts, lengths } = row;
    text.clear();
    text.write(leafStart);
    writeUuid(row, eventAt.actor_id);
    text.write(members.at);
    writeTime(text, bytes, starts[eventAt.at]!);
    text.write(members.data);
    writeJson(row, eventAt.data);
    text.write(members.event);
    writeQuoted(row, eventAt.event);
    text.write(members.id);
    text.writeUuid(bytes, starts[eventAt.id]!);
    text.write(members.outcome);
    writeQuoted(row, eventAt.outcome);
    text.write(members.personalHash);
    if (lengths[eventAt.personal_hash]! < 0) text.write(nullText);
    else {
      text.write(quoteMark);
      text.writeHex(bytes, starts[eventAt.personal_hash]!, lengths[eventAt.personal_hash]!);
      text.write(quoteMark);
    }
    text.write(members.requestId);
    writeQuoted(row, eventAt.request_id);
    text.write(members.sessionId);
    writeUuid(row, eventAt.session_id);
    text.write(members.targetId);
    writeUuid(row, eventAt.target_id);
    text.write(members.tx);
    text.writeNumber(tx);
    text.write(leafEnd);
  }

  /** As a string of bytes. */
  function digestPerson(row: CopiedRow): string {
    text.clear();
    text.write(personStart);
    writeJson(row, sideAt.data);
    text.write(members.ip);
    writeQuoted(row, sideAt.ip);
    text.write(members.salt);
    text.writeHex(row.bytes, row.starts[sideAt.salt]!, row.lengths[sideAt.salt]!);
    text.write(members.userAgent);
    writeQuoted(row, sideAt.user_agent);
    text.write(brace);
    return hash('sha256', text.written(), 'binary');
  }

  function judgePerson(row: CopiedRow, side: CopiedRow | undefined): PersonState {
    const isCommitted = row.lengths[eventAt.personal_hash]! >= 0;
    if (side === undefined) return isCommitted ? 'gone' : 'none';
    if (!isCommitted) return 'inserted';
    return isSame(row, eventAt.personal_hash, digestPerson(side)) ? 'held' : 'edited';
  }

  return (page) => {
    const digests = openDigests(page.count);
    page.each((row, found) => {
      // One without a salt is none.
      const side = found !== undefined && found.lengths[sideAt.salt]! >= 0 ? found : undefined;
      const tx = readBigint(row.bytes, row.starts[eventAt.tx]!);
      writeLeaf(row, tx);
      const leaf = hash('sha256', text.written(), 'binary');
      const isGone = side === undefined && row.lengths[eventAt.personal_hash]! >= 0;
      // Before the person is written over it.
      const names =
        isGone || isSame(row, eventAt.event, erasureName) ? readNames(text.written(1)) : undefined;
      const idStart = row.starts[eventAt.id]!;
      row.bytes.copy(digests.events.ids, digests.idPlace(), idStart, idStart + uuidBytes);
      digests.add({ tx, leaf, person: judgePerson(row, side), names });
    });
    return digests.events;
  };
}

const own = Buffer.alloc(64);

/** Whether a value is this string of bytes, at most 64. */
function isSame({ bytes, starts, lengths }: CopiedRow, column: number, text: string): boolean {
  if (lengths[column] !== text.length) return false;
  own.write(text, 'latin1');
  const start = starts[column]!;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== own[i]) return false;
  return true;
}

function readNames(leaf: Buffer): EventNames {
  const event = JSON.parse(leaf.toString()) as Record<string, never>;
  return {
    event: event['event']!,
    actorId: event['actor_id']!,
    targetId: event['target_id']!,
    data: event['data'],
  };
}

const rememberedMax = 4096;
const rememberedLength = 256;

/** jsonb's text → canonical JSON. Most events say one of a few things: these are remembered. */
function rememberCanonical(): (text: string) => Buffer {
  const known = new Map<string, Buffer>();
  return (text) => {
    const seen = known.get(text);
    if (seen !== undefined) return seen;
    const made = Buffer.from(canonicalJson(JSON.parse(text)));
    if (known.size < rememberedMax && text.length <= rememberedLength) known.set(text, made);
    return made;
  };
}
