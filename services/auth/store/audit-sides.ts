// Side rows of the audit log, for the events of one page: what lies between the lowest and the highest of their ids is
// read in one walk of the index. Is that far more than a page (an id that is astray), those that are left over are
// asked for by their ids.

import { compareUuids, readUuid } from '@pi-gateway/uuid/uuid-bytes.ts';
import { type CopiedRow, columnsOf, findRows, locateRow, openRow, type Room } from '../db/copy-rows.ts';
import type { Snapshot } from '../db/read-snapshot.ts';

const names = ['id', 'salt', 'ip', 'user_agent', 'data'] as const;

/** Where the columns stand in a row. */
export const sideAt = columnsOf(names);

/** The side row of the event whose id lies there; the same object each time. Undefined: it has none. */
export type FindSide = (idAt: number) => CopiedRow | undefined;

/** `idsAt`: where in `bytes` the ids lie, of one event at least. Good until a room is used again. */
export async function readSides(
  snapshot: Snapshot,
  bytes: Buffer,
  idsAt: Uint32Array,
  rooms: { readonly near: Room; readonly far: Room },
): Promise<FindSide> {
  let [lowest, highest] = [idsAt[0]!, idsAt[0]!];
  for (const at of idsAt) {
    if (compareUuids(bytes, at, bytes, lowest) < 0) lowest = at;
    if (compareUuids(bytes, at, bytes, highest) > 0) highest = at;
  }
  const limit = 2 * idsAt.length;
  const read = async (where: string, room: Room) =>
    openSides(await snapshot.copy(`select ${names.join()} from audit_personal where ${where}`, room));
  const between = `id between '${readUuid(bytes, lowest)}' and '${readUuid(bytes, highest)}'`;
  const near = await read(`${between} order by id limit ${limit}`, rooms.near);
  if (near.count < limit) return (at) => near.find(bytes, at);
  const left = Array.from(idsAt).filter((at) => near.find(bytes, at) === undefined);
  const far = await read(
    `id = any('{${left.map((at) => readUuid(bytes, at)).join()}}') order by id`,
    rooms.far,
  );
  return (at) => near.find(bytes, at) ?? far.find(bytes, at);
}

// The first value of a row lies after the number of its values and its own length.
const idOffset = 2 + 4;

/** In the order of their ids: mostly the next one is the one that is looked for. */
function openSides(bytes: Buffer) {
  const starts = findRows(bytes, names.length);
  const row = openRow(bytes, names.length);
  let next = 0;

  const compare = (index: number, from: Buffer, at: number) =>
    compareUuids(bytes, starts[index]! + idOffset, from, at);
  const isAt = (index: number, from: Buffer, at: number) =>
    index < starts.length && compare(index, from, at) === 0;

  function search(from: Buffer, at: number): number {
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(middle, from, at) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    count: starts.length,
    find(from: Buffer, at: number): CopiedRow | undefined {
      if (!isAt(next, from, at)) {
        const found = search(from, at);
        if (!isAt(found, from, at)) return undefined;
        next = found;
      }
      locateRow(row, starts[next++]!);
      return row;
    },
  };
}
