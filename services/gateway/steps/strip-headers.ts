// strip: one pass over the client's header fields. What is end-to-end goes into the list for the service,
// what only the gateway may say is gone before any other step could read it, and the few fields that the
// gateway itself acts on are kept aside.

import type { ClaimedHeaders, Exchange } from '../exchange.ts';
import { headerKind, headerKindOf, listedNames, removeListed } from '../proxy/header-kinds.ts';

export function stripHeaders(x: Exchange): void {
  const raw = x.req.rawHeaders;
  const headers = x.headers;
  let listed: string[] | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const kind = headerKindOf(name);
    if (kind === headerKind.pass) {
      headers.push(name, raw[i + 1]!);
      continue;
    }
    if (kind === headerKind.drop) continue;
    const value = raw[i + 1]!;
    switch (kind) {
      case headerKind.connection:
        listed = joinLists(listed, listedNames(value));
        break;
      case headerKind.authorization:
        x.authorization = value;
        break;
      case headerKind.contentLength:
        x.contentLength = Number(value);
        if (x.contentLength > 0) x.hasBody = true;
        break;
      case headerKind.transferEncoding:
        x.hasBody = true;
        break;
      case headerKind.upgrade:
        x.wantsWebSocket = value.toLowerCase() === 'websocket';
        break;
      case headerKind.expect:
        x.expectsContinue = true;
        break;
      case headerKind.host:
        x.host = value;
        break;
      case headerKind.forwardedFor:
        // Several lines are one list, RFC 9110 section 5.3.
        claim(x, 'forwardedFor', value, ',');
        break;
      case headerKind.forwardedProto:
        claim(x, 'forwardedProto', value, ',');
        break;
      case headerKind.forwardedHost:
        claim(x, 'forwardedHost', value, ',');
        break;
      case headerKind.requestId:
        claim(x, 'requestId', value, ',');
        break;
      case headerKind.traceparent:
        claim(x, 'traceparent', value, ',');
        break;
      case headerKind.tracestate:
        claim(x, 'tracestate', value, ',');
        break;
      // A request's trailer does not pass (it could carry identity past this step), nor does what is internal.
      case headerKind.trailer:
      case headerKind.internal:
        break;
      default:
        kind satisfies never;
    }
  }
  if (listed !== undefined) removeListed(headers, listed);
}

function claim(x: Exchange, field: keyof ClaimedHeaders, value: string, separator: string): void {
  x.claimed ??= {};
  const before = x.claimed[field];
  x.claimed[field] = before === undefined ? value : `${before}${separator} ${value}`;
}

function joinLists(a: string[] | undefined, b: string[] | undefined): string[] | undefined {
  return a === undefined || b === undefined ? (a ?? b) : [...a, ...b];
}
