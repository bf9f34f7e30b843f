// The header fields of a service's answer as the client gets them: end-to-end ones as they are, in their
// order, and exactly one x-request-id. Whatever concerns one connection, or the gateway and auth alone, stays
// here.

import { headerKind, headerKindOf, listedNames, removeListed } from './header-kinds.ts';

export type AnswerHeaders = {
  /** Flat list, for writeHead. */
  readonly fields: string[];
  /** The value of auth's revocation header. */
  readonly revocations: string | undefined;
  readonly hasLength: boolean;
};

const revocationsHeader = 'x-pi-revocations';

/** `keepTrailer`: the message will be chunked, so that the announcement of its trailer still holds. */
export function filterAnswerHeaders(
  raw: readonly string[],
  requestId: string,
  options: { readonly keepLength: boolean; readonly keepTrailer: boolean },
): AnswerHeaders {
  const fields: string[] = [];
  let listed: string[] | undefined;
  let revocations: string | undefined;
  let trailer: string | undefined;
  let hasLength = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    const kind: number = headerKindOf(name);
    switch (kind) {
      case headerKind.contentLength:
        // An answer with two lengths was refused by the transport.
        if (options.keepLength) fields.push(name, value);
        hasLength = true;
        break;
      case headerKind.connection: {
        const names = listedNames(value);
        if (names !== undefined) listed = [...(listed ?? []), ...names];
        break;
      }
      case headerKind.trailer:
        trailer = trailer === undefined ? value : `${trailer}, ${value}`;
        break;
      case headerKind.internal:
        if (name.toLowerCase() === revocationsHeader) revocations = value;
        break;
      case headerKind.drop:
        // What is dropped from requests only is an ordinary field in an answer.
        if (!isHopByHop(name)) fields.push(name, value);
        break;
      case headerKind.transferEncoding:
      case headerKind.requestId:
      case headerKind.upgrade:
        break;
      default:
        fields.push(name, value);
    }
  }
  if (listed !== undefined) removeListed(fields, listed);
  if (trailer !== undefined && options.keepTrailer && !hasLength) fields.push('trailer', trailer);
  fields.push('x-request-id', requestId);
  return { fields, revocations, hasLength };
}

const hopByHop = new Set(['proxy-connection', 'keep-alive', 'te', 'http2-settings']);
const requestId = /^x[^a-z0-9]?request[^a-z0-9]?id$/;

function isHopByHop(name: string): boolean {
  const lower = name.toLowerCase();
  return hopByHop.has(lower) || lower.startsWith('proxy-') || requestId.test(lower);
}

/** The fields of a trailer that may follow an answer (RFC 9110 section 6.5.1), as pairs for addTrailers. */
export function filterTrailers(raw: readonly string[]): [string, string][] {
  const fields: [string, string][] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    if (headerKindOf(name) !== headerKind.pass || notInTrailer.has(name.toLowerCase())) continue;
    fields.push([name, raw[i + 1]!]);
  }
  return fields;
}

const notInTrailer = new Set([
  'age',
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'date',
  'expires',
  'location',
  'retry-after',
  'set-cookie',
  'vary',
  'warning',
  'www-authenticate',
]);
