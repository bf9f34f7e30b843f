// The end of a head or trailer: the first empty line. What can never stand in front of one (a bare CR or LF)
// is told at once, so that a server that speaks something else is not waited for.

import { carriageReturn, lineFeed } from './bytes.ts';

/** More of the section has to come. */
export const unfinished = -1;
/** A CR or LF that is no line's end. */
export const malformed = -2;

/**
 * The index behind the empty line of the section that begins at `start`, `unfinished` or `malformed`. Bytes in
 * front of `from` were looked at before.
 */
export function findSectionEnd(bytes: Uint8Array, start: number, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    if (bytes[at] === lineFeed) {
      if (at === start || bytes[at - 1] !== carriageReturn) return malformed;
      if (at - start >= 3 && bytes[at - 2] === lineFeed) return at + 1;
    } else if (at > start && bytes[at - 1] === carriageReturn) return malformed;
  }
  return unfinished;
}
