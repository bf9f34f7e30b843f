// What an error of Node's HTTP parser means for the client. llhttp's codes are coarse, so a few are told apart by
// the line that was being read when it stopped.

import type { Refusal } from './check-head.ts';

/** `refuse`: answer, then close. `ignore`: pending answers go out, nothing else is read. `drop`: close silently. */
export type ParserVerdict =
  | { readonly kind: 'refuse'; readonly refusal: Refusal }
  | { readonly kind: 'ignore' }
  | { readonly kind: 'drop' };

export type ParserError = Error & {
  readonly code?: string;
  readonly reason?: string;
  readonly bytesParsed?: number;
  readonly rawPacket?: Buffer;
};

const refuse = (code: Refusal['code'], detail: string): ParserVerdict => ({
  kind: 'refuse',
  refusal: { code, detail },
});
const wrongVersion = refuse('http_version_not_supported', 'Only HTTP/1.0 and HTTP/1.1 are spoken here.');
const wrongMethod = refuse('not_implemented', 'The method is not implemented.');
const malformed = refuse('malformed_request', 'The request could not be understood.');

/** The line of the packet that holds the byte where the parser stopped; the packet is one read, at most 64 KiB. */
function lineAtStop(error: ParserError): string {
  const packet = error.rawPacket;
  if (packet === undefined) return '';
  const stop = Math.min(error.bytesParsed ?? 0, packet.length);
  const start = stop === 0 ? 0 : packet.lastIndexOf(0x0a, stop - 1) + 1;
  const end = packet.indexOf(0x0a, stop);
  return packet.toString('latin1', start, end === -1 ? packet.length : end + 1);
}

export function judgeParserError(error: ParserError): ParserVerdict {
  switch (error.code ?? '') {
    case 'HPE_CLOSED_CONNECTION':
      return { kind: 'ignore' }; // bytes behind a request that said close
    case 'HPE_HEADER_OVERFLOW':
      return /^[A-Z]+ /.test(lineAtStop(error))
        ? refuse('uri_too_long', 'The request target is longer than allowed.')
        : refuse('headers_too_large', 'The request header block is larger than allowed.');
    case 'HPE_PAUSED_H2_UPGRADE':
      return wrongVersion;
    case 'HPE_INVALID_VERSION':
      // The same code stands for a bare LF behind a good version.
      return / [A-Z]+\/[0-9]+(?:\.[0-9]+)?\r\n$/.test(lineAtStop(error)) ? wrongVersion : malformed;
    case 'HPE_INVALID_METHOD':
      return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?: |$)/.test(lineAtStop(error)) ? wrongMethod : malformed;
    case 'HPE_INVALID_CONSTANT':
      if (/ (?:RTSP|ICE)\//.test(lineAtStop(error))) return wrongVersion;
      return error.reason?.startsWith('Invalid method') ? wrongMethod : malformed;
    case 'HPE_INVALID_EOF_STATE': // the client left in the middle of a message
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { kind: 'drop' };
    default:
      return error.code?.startsWith('HPE_') ? malformed : { kind: 'drop' };
  }
}
