// The head of an answer (RFC 9112 sections 2.1, 4 and 5), read whole: status line, fields, and what they say about
// the connection. HTTP/1.0 and 1.1 only.

import type { AnswerFault } from './answer-fault.ts';
import { carriageReturn, isTextByte, lineFeed, space } from './bytes.ts';
import { readFields } from './read-fields.ts';

export class AnswerHead {
  readonly status: number;
  readonly statusText: string;
  /** Flat list, latin1, as on the wire but for the white space around values. */
  readonly headers: string[];
  readonly isHttp11: boolean;

  constructor(status: number, statusText: string, headers: string[], isHttp11: boolean) {
    this.status = status;
    this.statusText = statusText;
    this.headers = headers;
    this.isHttp11 = isHttp11;
  }
}

const versionLength = 'HTTP/1.1'.length;
const statusEnd = versionLength + 4;

/** Reads `bytes[start, end)`, where `end` stands behind the first empty line. */
export function readHead(bytes: Buffer, start: number, end: number): AnswerHead | AnswerFault {
  const text = bytes.toString('latin1', start, end);
  const isHttp11 = text.startsWith('HTTP/1.1 ');
  if (!isHttp11 && !text.startsWith('HTTP/1.0 ')) return 'bad_status_line';
  const status = readStatus(bytes, start + versionLength + 1);
  let at = start + statusEnd;
  // Many servers leave out the space as well when there is no reason phrase.
  if (bytes[at] === space) at++;
  const reasonStart = at;
  if (bytes[at - 1] === space) while (isTextByte[bytes[at]!] === 1) at++;
  if (status === 0 || bytes[at] !== carriageReturn || bytes[at + 1] !== lineFeed) return 'bad_status_line';
  const headers: string[] = [];
  if (!readFields(bytes, at + 2, end, text, start, headers)) return 'bad_field';
  return new AnswerHead(status, text.slice(reasonStart - start, at - start), headers, isHttp11);
}

/** Three digits from 100 to 599; 0 for anything else. */
function readStatus(bytes: Uint8Array, at: number): number {
  const hundreds = bytes[at]! - 0x30;
  const tens = bytes[at + 1]! - 0x30;
  const ones = bytes[at + 2]! - 0x30;
  const isNumber = hundreds >= 1 && hundreds <= 5 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9;
  return isNumber ? hundreds * 100 + tens * 10 + ones : 0;
}
