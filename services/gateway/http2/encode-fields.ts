// The fields of a request as HTTP/2 has them (RFC 9113 section 8): pseudo-fields first, names in lower case, nothing
// that concerns one connection. What no caller may hand in is refused here once more: a line end in a value would be
// harmless on this hop and another field on the next.

import assert from 'node:assert/strict';
import { sensitiveHeaders } from 'node:http2';
import type { UpstreamRequest } from '../proxy/transport.ts';

export type Authority = { readonly isTls: boolean; readonly authority: string };

const nameForm = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const valueForm = /^[\t\x20-\x7e\x80-\xff]*$/;
const targetForm = /^[!-~\x80-\xff]+$/;
const methodForm = /^[!#$%&'*+.^_`|~0-9A-Z-]+$/;
const ownNames = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'expect',
]);
/** Kept out of the tables of HPACK, so that nobody on the way can guess them by the size of what is sent. */
const secretNames = ['authorization', 'cookie', 'x-pi-identity', 'x-pi-gateway'];

/** @throws {AssertionError} for a field that is not the caller's to send. */
export function encodeFields(request: UpstreamRequest, { isTls, authority }: Authority): string[] {
  const { method, path, headers } = request;
  assert(methodForm.test(method) && targetForm.test(path) && headers.length % 2 === 0, 'no request');
  const scheme = isTls ? 'https' : 'http';
  const fields = [':method', method, ':path', path, ':scheme', scheme, ':authority', authority];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase();
    assert(nameForm.test(name) && !ownNames.has(name), 'a field that is not the caller\u2019s to send');
    assert(valueForm.test(headers[i + 1]!), `the value of ${name} is none`);
    fields.push(name, headers[i + 1]!);
  }
  return Object.assign(fields, { [sensitiveHeaders]: secretNames });
}

/** An answer's fields without the pseudo-fields. */
export function withoutPseudo(raw: readonly string[]): string[] {
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (!raw[i]!.startsWith(':')) fields.push(raw[i]!, raw[i + 1]!);
  }
  return fields;
}
