// Pages of the audit log out of the database, digested: the fast way of a verification, a few microseconds an event. It
// writes the very bytes that `encodeEvent` and `hashPersonal` write (read-log.test.ts holds one against the other).

import { hash } from 'node:crypto';
import { openByteText } from '../audit/byte-text.ts';
import { canonicalJson } from '../audit/canonical-json.ts';
import { type DigestedEvent, type EventNames, erasureName, judgePerson } from '../audit/digested-event.ts';
import { openTimeWriter, readBigint } from '../audit/exact-time-bytes.ts';
import type { Place } from '../audit/seal.ts';
import type { Queryable } from '../db/database.ts';
import { columnsOfPage as columns, type RowPlaces, readPage, readPageRows } from '../store/audit-pages.ts';

const eventsPerPage = 2000;

/** Events after a place, in the order of the log; the next page is on its way while the caller works on one. */
export async function* digestPages(db: Queryable, start: Place): AsyncGenerator<DigestedEvent[]> {
  const digest = openDigester();
  let next = readPage(db, start, eventsPerPage);
  for (let page = await next; page !== undefined; page = await next) {
    const events = digest(page);
    next = readPage(db, events.at(-1)!, eventsPerPage);
    // Its failure is told where it is awaited.
    next.catch(() => undefined);
    yield events;
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

function openDigester(): (base64: string) => DigestedEvent[] {
  // One for all pages: collecting megabytes of buffers would cost more than reading them.
  let pages = Buffer.allocUnsafe(1024 * 1024);
  const text = openByteText();
  const writeTime = openTimeWriter();
  const canonical = rememberCanonical();

  function writeUuid(page: Buffer, { starts, lengths }: RowPlaces, column: number): void {
    if (lengths[column]! < 0) return text.write(nullText);
    text.write(quoteMark);
    text.writeUuid(page, starts[column]!);
    text.write(quoteMark);
  }

  function writeQuoted(page: Buffer, { starts, lengths }: RowPlaces, column: number): void {
    text.writeQuoted(page, starts[column]!, lengths[column]!);
  }

  /** jsonb in binary form is its text after the number of a version. */
  function writeJson(page: Buffer, { starts, lengths }: RowPlaces, column: number): void {
    const [start, length] = [starts[column]! + 1, lengths[column]! - 1];
    if (length < 0) text.write(nullText);
    else if (length === 2 && page[start] === noData[0] && page[start + 1] === noData[1]) text.write(noData);
    else text.write(canonical(page.toString('utf8', start, start + length)));
  }

  /** Returns the id. */
  function writeLeaf(page: Buffer, row: RowPlaces, tx: number): string {
    const { starts, lengths } = row;
    text.clear();
    text.write(leafStart);
    writeUuid(page, row, columns.actorId);
    text.write(members.at);
    writeTime(text, page, starts[columns.at]!);
    text.write(members.data);
    writeJson(page, row, columns.data);
    text.write(members.event);
    writeQuoted(page, row, columns.event);
    text.write(members.id);
    const idStart = text.length();
    text.writeUuid(page, starts[columns.id]!);
    const id = text.read(idStart);
    text.write(members.outcome);
    writeQuoted(page, row, columns.outcome);
    text.write(members.personalHash);
    if (lengths[columns.personalHash]! < 0) text.write(nullText);
    else {
      text.write(quoteMark);
      text.writeHex(page, starts[columns.personalHash]!, lengths[columns.personalHash]!);
      text.write(quoteMark);
    }
    text.write(members.requestId);
    writeQuoted(page, row, columns.requestId);
    text.write(members.sessionId);
    writeUuid(page, row, columns.sessionId);
    text.write(members.targetId);
    writeUuid(page, row, columns.targetId);
    text.write(members.tx);
    text.write(Buffer.from(String(tx), 'latin1'));
    text.write(leafEnd);
    return id;
  }

  /** As a string of bytes; undefined: there is no side row. */
  function digestPerson(page: Buffer, row: RowPlaces): string | undefined {
    const [start, length] = [row.starts[columns.salt]!, row.lengths[columns.salt]!];
    if (length < 0) return undefined;
    text.clear();
    text.write(personStart);
    writeJson(page, row, columns.personalData);
    text.write(members.ip);
    writeQuoted(page, row, columns.ip);
    text.write(members.salt);
    text.writeHex(page, start, length);
    text.write(members.userAgent);
    writeQuoted(page, row, columns.userAgent);
    text.write(brace);
    return hash('sha256', text.written(), 'binary');
  }

  function digestRow(page: Buffer, row: RowPlaces): DigestedEvent {
    const { starts, lengths } = row;
    const tx = readBigint(page, starts[columns.tx]!);
    const id = writeLeaf(page, row, tx);
    const leaf = hash('sha256', text.written(), 'binary');
    const hasHash = lengths[columns.personalHash]! >= 0;
    const isErasure = sliceOf(page, row, columns.event) === erasureName;
    // Before the person is written over it.
    const named =
      isErasure || (hasHash && lengths[columns.salt]! < 0) ? readNames(text.written(1)) : undefined;
    const committed = hasHash ? sliceOf(page, row, columns.personalHash) : null;
    return { id, tx, leaf, person: judgePerson(committed, digestPerson(page, row)), names: named };
  }

  return (base64) => {
    const lengthMax = Buffer.byteLength(base64, 'base64');
    if (lengthMax > pages.length) pages = Buffer.allocUnsafe(2 * lengthMax);
    const page = pages.subarray(0, pages.write(base64, 'base64'));
    const events: DigestedEvent[] = [];
    for (const row of readPageRows(page)) events.push(digestRow(page, row));
    return events;
  };
}

function sliceOf(page: Buffer, { starts, lengths }: RowPlaces, column: number): string {
  return page.toString('latin1', starts[column], starts[column]! + lengths[column]!);
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
