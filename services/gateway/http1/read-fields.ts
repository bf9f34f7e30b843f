// Field lines of a head or a trailer (RFC 9112 section 5): name, colon, value, CRLF. Nothing is mended: a space
// before the colon, a folded line, a bare CR or LF, a byte that no value may hold refuse the whole message.

import { carriageReturn, colon, isTextByte, isTokenByte, lineFeed, space, tab } from './bytes.ts';

/**
 * Appends the fields in `bytes[start, end)` to a flat list. The section has to end with its empty line, which
 * `end` stands behind. `text` is the same bytes from `base` on as latin1: its slices cost no copy. False: refused.
 */
export function readFields(
  bytes: Uint8Array,
  start: number,
  end: number,
  text: string,
  base: number,
  into: string[],
): boolean {
  let at = start;
  while (bytes[at] !== carriageReturn) {
    const nameStart = at;
    while (isTokenByte[bytes[at]!] === 1) at++;
    const nameEnd = at;
    if (nameEnd === nameStart || bytes[at] !== colon) return false;
    at++;
    while (bytes[at] === space || bytes[at] === tab) at++;
    const valueStart = at;
    while (isTextByte[bytes[at]!] === 1) at++;
    if (bytes[at] !== carriageReturn || bytes[at + 1] !== lineFeed) return false;
    let valueEnd = at;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === space || bytes[valueEnd - 1] === tab))
      valueEnd--;
    into.push(text.slice(nameStart - base, nameEnd - base), text.slice(valueStart - base, valueEnd - base));
    at += 2;
  }
  return bytes[at + 1] === lineFeed && at + 2 === end;
}
