// Judges the head of a request that Node's parser let through. Node is lenient where two readers of one message
// could disagree (versions, codings, Host) and silent where it cuts (header count), so each rule is stated here.
// RFC 9112 sections 2.3, 3.2, 6.1, 6.3; RFC 9110 sections 7.2 and 10.1.1. One pass over rawHeaders: this is the hot path.

import type { IncomingMessage } from 'node:http';
import type { ProblemCode } from '@pi-gateway/problem/problems.ts';
import { isSoundAuthority } from './sound-authority.ts';

export type HeadLimits = {
  readonly maxHeaderBytes: number;
  readonly maxHeaderLines: number;
  readonly maxUrlBytes: number;
};

/** Why a message is not handled; `detail` is public. */
export type Refusal = { readonly code: ProblemCode; readonly detail: string };

// TRACE is handed on: the handler knows the resource and answers 405 with its Allow.
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']);
// The parser gives these only for an RTSP request line.
const rtspMethods = new Set([
  'DESCRIBE',
  'ANNOUNCE',
  'SETUP',
  'PLAY',
  'PAUSE',
  'TEARDOWN',
  'GET_PARAMETER',
  'SET_PARAMETER',
  'REDIRECT',
  'RECORD',
  'FLUSH',
]);

const token = /^[!#$%&'*+.^_`|~0-9a-z-]/i;
const targetOutsideAscii = /[^!-~]|#/;
// Fifteen digits stay an exact number; the parser itself bounds only at 2^64.
const maxContentLengthDigits = 15;

// What our own entrance adds is not the client's: it may not push a request over the limits.
const addedByEntry = new Set([
  'x-request-id',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-connection',
]);

const malformed = (detail: string): Refusal => ({ code: 'malformed_request', detail });

/** With ": " and CRLF; the parser drops the space around values. */
function lineBytes(name: string, value: string): number {
  return name.length + value.length + 4;
}

function checkTransferEncoding(value: string, count: number, isHttp11: boolean): Refusal | undefined {
  if (!isHttp11) return malformed('HTTP/1.0 has no transfer codings.');
  if (count > 1) return malformed('More than one Transfer-Encoding header.');
  if (value === 'chunked' || value.toLowerCase() === 'chunked') return undefined;
  if (!token.test(value)) return malformed('The Transfer-Encoding header is malformed.');
  return { code: 'not_implemented', detail: 'The only transfer coding known is chunked.' };
}

/** Only for a head that is over a limit: is it so without the first of each line that the entrance adds? */
function isTooLarge(raw: readonly string[], limits: HeadLimits): boolean {
  const seen = new Set<string>();
  let bytes = 0;
  let lines = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (addedByEntry.has(name) && !seen.has(name)) {
      seen.add(name);
      continue;
    }
    bytes += lineBytes(name, raw[i + 1]!);
    lines++;
  }
  return bytes > limits.maxHeaderBytes || lines > limits.maxHeaderLines;
}

/** The refusal this head deserves, or undefined. The caller has to apply `readTarget` to the target as well. */
export function checkHead(req: IncomingMessage, limits: HeadLimits): Refusal | undefined {
  const isHttp11 = req.httpVersionMajor === 1 && req.httpVersionMinor === 1;
  if (!isHttp11 && (req.httpVersionMajor !== 1 || req.httpVersionMinor !== 0 || req.method === 'OPTIONS')) {
    // OPTIONS came with HTTP/1.1; the parser shows the RTSP/1.0 one in the same way.
    return { code: 'http_version_not_supported', detail: 'Only HTTP/1.0 and HTTP/1.1 are spoken here.' };
  }
  const method = req.method ?? '';
  if (!methods.has(method)) {
    return rtspMethods.has(method)
      ? { code: 'http_version_not_supported', detail: 'Only HTTP/1.0 and HTTP/1.1 are spoken here.' }
      : { code: 'not_implemented', detail: 'The method is not implemented.' };
  }
  const target = req.url ?? '';
  if (target.length > limits.maxUrlBytes) {
    return { code: 'uri_too_long', detail: 'The request target is longer than allowed.' };
  }
  const raw = req.rawHeaders;
  let bytes = 0;
  let host: string | undefined;
  let expect: string | undefined;
  let coding: string | undefined;
  let hosts = 0;
  let expects = 0;
  let codings = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    bytes += lineBytes(name, value);
    switch (name.length) {
      case 4:
        if (name === 'Host' || name.toLowerCase() === 'host') {
          host = value;
          hosts++;
        }
        break;
      case 6:
        if (name.toLowerCase() === 'expect') {
          expect = value;
          expects++;
        }
        break;
      case 14:
        if (value.length > maxContentLengthDigits && name.toLowerCase() === 'content-length') {
          return malformed('The Content-Length header is too large.');
        }
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') {
          coding = value;
          codings++;
        }
        break;
      default:
    }
  }
  const isOver = bytes > limits.maxHeaderBytes || raw.length > limits.maxHeaderLines * 2;
  if (isOver && isTooLarge(raw, limits)) {
    return { code: 'headers_too_large', detail: 'The request header block is larger than allowed.' };
  }
  // Also for HTTP/1.0, which may do without: services are always told the one host that was asked for.
  if (host === undefined) return malformed('The Host header is missing.');
  if (hosts > 1) return malformed('More than one Host header.');
  if (!isSoundAuthority(host)) return malformed('The Host header is malformed.');
  if (coding !== undefined) {
    const refusal = checkTransferEncoding(coding, codings, isHttp11);
    if (refusal !== undefined) return refusal;
  }
  if (expect !== undefined && isHttp11 && (expects > 1 || expect.toLowerCase() !== '100-continue')) {
    return { code: 'expectation_failed', detail: 'The only expectation known is 100-continue.' };
  }
  return undefined;
}

/**
 * The target in origin-form, or undefined when there is none: absolute-form is reduced to it when its authority is
 * the Host header's (RFC 9112 section 3.2.2), so that no handler ever sees two names for one host.
 */
export function readTarget(target: string, host: string | undefined): string | undefined {
  if (targetOutsideAscii.test(target)) return undefined;
  if (target.charCodeAt(0) === 0x2f) return target;
  const match = /^https?:\/\/([^/?]*)(.*)$/i.exec(target);
  if (match === null || match[1]!.toLowerCase() !== host?.toLowerCase()) return undefined;
  const rest = match[2]!;
  return rest.startsWith('/') ? rest : `/${rest}`;
}
