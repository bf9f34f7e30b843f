// Where the body of an answer ends, and whether its connection can be used again (RFC 9112 sections 6.3 and 9.3).
// Anything that two readers could take differently is refused: both framings, two lengths (equal ones too), a
// length in another form than plain digits, any transfer coding but a single `chunked`.

import type { AnswerFault } from './answer-fault.ts';
import type { AnswerHead } from './read-head.ts';

export class Framing {
  /** Bytes; -1 where the message gives no length. */
  contentLength = -1;
  isChunked = false;
  /** `Connection: close`. */
  closes = false;
  /** `Connection: keep-alive`. */
  keeps = false;
  /** What the server's `Keep-Alive: timeout=` promises; -1 where it says nothing. */
  keepAliveSeconds = -1;
}

// No leading zero (some read octal), and small enough to count with (2^53).
const lengthForm = /^(?:0|[1-9][0-9]{0,14})$/;

export function readFraming(head: AnswerHead): Framing | AnswerFault {
  const { headers } = head;
  const framing = new Framing();
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    // Told by length first: most fields are none of these.
    if (name.length === 10) {
      readConnectionField(name.toLowerCase(), headers[i + 1]!, framing);
    } else if (name.length === 14 && name.toLowerCase() === 'content-length') {
      if (framing.contentLength !== -1 || !lengthForm.test(headers[i + 1]!)) return 'bad_framing';
      framing.contentLength = Number(headers[i + 1]);
    } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      if (framing.isChunked || headers[i + 1]!.toLowerCase() !== 'chunked') return 'bad_framing';
      framing.isChunked = true;
    }
  }
  // Section 6.1: HTTP/1.0 has no transfer codings; who writes one there may mean anything.
  if (framing.isChunked && (framing.contentLength !== -1 || !head.isHttp11)) return 'bad_framing';
  return framing;
}

function readConnectionField(name: string, value: string, framing: Framing): void {
  if (name === 'connection') {
    for (const option of value.toLowerCase().split(',')) {
      const word = option.trim();
      if (word === 'close') framing.closes = true;
      else if (word === 'keep-alive') framing.keeps = true;
    }
  } else if (name === 'keep-alive') {
    const match = /(?:^|[,\t ])timeout=([0-9]{1,6})(?:$|[,\t ])/i.exec(value);
    if (match !== null) framing.keepAliveSeconds = Number(match[1]);
  }
}
