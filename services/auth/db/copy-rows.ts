// Rows in PostgreSQL's own binary form (COPY … TO STDOUT, FORMAT binary), for whoever reads millions of them: neither
// side makes text or an object of anything. https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".

import pg from 'pg';

/** One row: its values lie in `bytes` at `starts[i]`, `lengths[i]` bytes long (-1: null). */
export type CopiedRow = {
  readonly bytes: Buffer;
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
};

/** The same memory page after page: collecting it would cost more than reading it. */
export type Room = { bytes: Buffer };

export const openRoom = (): Room => ({ bytes: Buffer.allocUnsafe(1024 * 1024) });

/** Collects what comes; the driver's slices are of memory that it uses again. */
class CopyQuery extends pg.Query {
  readonly #room: Room;
  #end = 0;

  constructor(text: string, room: Room, onEnd: (error: Error | undefined, copied: Buffer) => void) {
    super(text, (error) => onEnd(error ?? undefined, room.bytes.subarray(0, this.#end)));
    this.#room = room;
  }

  /** Called by the driver. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    const room = this.#room;
    const end = this.#end + chunk.length;
    if (end > room.bytes.length) {
      const larger = Buffer.allocUnsafe(2 * end);
      room.bytes.copy(larger, 0, 0, this.#end);
      room.bytes = larger;
    }
    chunk.copy(room.bytes, this.#end);
    this.#end = end;
  }
}

/**
 * All that a query answers. The query takes no parameters: COPY has none.
 * @returns of `room`, good until that is used again.
 */
export function copyRows(client: pg.Client, query: string, room: Room): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const text = `copy (${query}) to stdout (format binary)`;
    client.query(
      new CopyQuery(text, room, (error, copied) => (error === undefined ? resolve(copied) : reject(error))),
    );
  });
}

/** Name → its place among the values of a row. */
export function columnsOf<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, i) => [name, i])) as Record<Name, number>;
}

const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const extensionAt = signature.length + 4;

/** Where each row begins. @throws {Error} for what is not in that form. */
export function findRows(copied: Buffer, columns: number): number[] {
  if (!copied.subarray(0, signature.length).equals(signature))
    throw new Error('the answer to COPY has another form');
  const starts: number[] = [];
  let at = extensionAt + 4 + copied.readInt32BE(extensionAt);
  for (;;) {
    const count = copied.readInt16BE(at);
    if (count === -1) return starts;
    if (count !== columns) throw new Error(`the answer to COPY has rows of ${count} values`);
    starts.push(at);
    at += 2;
    for (let i = 0; i < columns; i++) at += 4 + Math.max(copied.readInt32BE(at), 0);
  }
}

/** To be moved from row to row by `locateRow`: an object for each of millions would cost more than reading it. */
export function openRow(bytes: Buffer, columns: number): CopiedRow {
  return { bytes, starts: new Int32Array(columns), lengths: new Int32Array(columns) };
}

export function locateRow({ bytes, starts, lengths }: CopiedRow, start: number): void {
  let at = start + 2;
  for (let i = 0; i < starts.length; i++) {
    const length = bytes.readInt32BE(at);
    at += 4;
    starts[i] = at;
    lengths[i] = length;
    if (length > 0) at += length;
  }
}
