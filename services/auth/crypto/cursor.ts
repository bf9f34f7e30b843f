// The cursor of a list: the id of the last row a client has seen, with a MAC that binds it to the list. A
// client can only send back what it was given; everything else is a 422.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { readUuid, writeUuid } from '@pi-gateway/uuid/uuid-bytes.ts';

const idBytes = 16;
const macBytes = 16;

/** `list` names the list and whose it is. */
export function encodeCursor(list: string, id: string, macKey: Buffer): string {
  const bytes = Buffer.alloc(idBytes);
  writeUuid(bytes, 0, id);
  return Buffer.concat([bytes, mac(list, bytes, macKey)]).toString('base64url');
}

/** The id inside, or undefined for anything that was not made for this list. */
export function readCursor(list: string, cursor: string, macKey: Buffer): string | undefined {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length !== idBytes + macBytes || bytes.toString('base64url') !== cursor) return undefined;
  const id = bytes.subarray(0, idBytes);
  if (!timingSafeEqual(bytes.subarray(idBytes), mac(list, id, macKey))) return undefined;
  return readUuid(id, 0);
}

function mac(list: string, id: Buffer, macKey: Buffer): Buffer {
  return createHmac('sha256', macKey).update(`${list}\n`).update(id).digest().subarray(0, macBytes);
}
