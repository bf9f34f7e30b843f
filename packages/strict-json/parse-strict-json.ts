// JSON that every parser would read in the same way (RFC 8259 sections 4, 6, 8 name where they may differ):
// UTF-8 without byte order mark, no member twice, no lone surrogates, no number beyond a double, nesting bounded.
// A scan in linear time judges what JSON.parse is silent about, before JSON.parse builds anything.

import { AppError } from '@pi-gateway/problem/app-error.ts';

const maxDepth = 32;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const numberForm = /-?[0-9][0-9.eE+-]*/y;

function malformed(detail: string, cause?: unknown): AppError {
  return new AppError('malformed_request', { detail, cause });
}

/** The index behind the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === 0x22) return i + 1;
    if (char === 0x5c) i++;
  }
  throw malformed('The JSON ends inside a string.');
}

function readString(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  if (!inner.includes('\\')) return inner;
  const value = JSON.parse(text.slice(start, end)) as string;
  if (!value.isWellFormed()) throw malformed('The JSON holds half of a surrogate pair.');
  return value;
}

/** Throws for what JSON.parse would let through; other faults of syntax are left to it. */
function scan(text: string): void {
  const open: (Set<string> | undefined)[] = []; // for each open object the names it has; undefined for an array
  let names: Set<string> | undefined;
  let isNameNext = false;
  for (let i = 0; i < text.length; ) {
    const char = text.charCodeAt(i);
    if (char === 0x22) {
      const end = endOfString(text, i);
      const value = readString(text, i, end);
      if (isNameNext && names !== undefined) {
        if (names.has(value)) throw malformed('The JSON holds a member twice.');
        names.add(value);
        isNameNext = false;
      }
      i = end;
    } else if (char === 0x7b || char === 0x5b) {
      if (open.length === maxDepth) throw malformed(`The JSON is nested more than ${maxDepth} levels deep.`);
      names = char === 0x7b ? new Set() : undefined;
      open.push(names);
      isNameNext = true;
      i++;
    } else if (char === 0x7d || char === 0x5d) {
      open.pop();
      names = open.at(-1);
      isNameNext = false;
      i++;
    } else if (char === 0x2d || (char >= 0x30 && char <= 0x39)) {
      numberForm.lastIndex = i;
      const number = numberForm.exec(text)?.[0];
      if (number === undefined || !Number.isFinite(Number(number))) {
        throw malformed('The JSON holds a number out of range.');
      }
      i += number.length;
    } else {
      if (char === 0x2c) isNameNext = true;
      i++;
    }
  }
}

/** Parses a request body; throws AppError('malformed_request') for whatever two parsers could read differently. */
export function parseStrictJson(bytes: Buffer): unknown {
  try {
    const text = decoder.decode(bytes);
    if (text.startsWith('\ufeff')) throw malformed('The JSON begins with a byte order mark.');
    scan(text);
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw malformed('The body is not JSON in UTF-8.', error);
  }
}
