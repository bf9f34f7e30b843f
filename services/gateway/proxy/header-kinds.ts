// What the gateway does with a header field, told by its name alone. One table for both directions, so that
// a name cannot be hop-by-hop one way and end-to-end the other (RFC 9110 section 7.6.1).

export const headerKind = {
  /** End-to-end: passes. */
  pass: 0,
  /** Concerns one connection only, or is set anew by the gateway: never passes. */
  drop: 1,
  connection: 2,
  authorization: 3,
  contentLength: 4,
  transferEncoding: 5,
  upgrade: 6,
  expect: 7,
  host: 8,
  forwardedFor: 9,
  forwardedProto: 10,
  forwardedHost: 11,
  requestId: 12,
  traceparent: 13,
  tracestate: 14,
  /** Names the fields of a chunked message's trailer. */
  trailer: 15,
  /** Belongs to the gateway and auth alone. */
  internal: 16,
} as const;
export type HeaderKind = (typeof headerKind)[keyof typeof headerKind];

const named = new Map<string, HeaderKind>([
  ['connection', headerKind.connection],
  // The client's own list, which our entry cannot act on itself. From anybody else it does what `connection` does.
  ['x-forwarded-connection', headerKind.connection],
  ['proxy-connection', headerKind.drop],
  ['keep-alive', headerKind.drop],
  ['proxy-authenticate', headerKind.drop],
  ['proxy-authorization', headerKind.drop],
  ['proxy-authentication-info', headerKind.drop],
  ['te', headerKind.drop],
  ['http2-settings', headerKind.drop],
  ['authorization', headerKind.authorization],
  ['content-length', headerKind.contentLength],
  ['transfer-encoding', headerKind.transferEncoding],
  ['upgrade', headerKind.upgrade],
  ['expect', headerKind.expect],
  ['host', headerKind.host],
  ['x-forwarded-for', headerKind.forwardedFor],
  ['x-forwarded-proto', headerKind.forwardedProto],
  ['x-forwarded-host', headerKind.forwardedHost],
  ['x-request-id', headerKind.requestId],
  ['traceparent', headerKind.traceparent],
  ['tracestate', headerKind.tracestate],
  ['trailer', headerKind.trailer],
  // A page's own word to auth, which decides nothing by itself; no other field of ours comes from a client.
  ['x-pi-csrf', headerKind.pass],
]);

// Compared without anything but letters and digits: CGI, WSGI and PHP read `x_user_id`, `X.User.Id` and
// `x-user-id` as one name, so to such a service every spelling would be the gateway's word.
const dropped = new Set([
  'xuserid',
  'xuserroles',
  'xsessionid',
  'xrequestid',
  'forwarded',
  'xrealip',
  'traceparent',
  'tracestate',
  'authorization',
  'connection',
  'contentlength',
  'transferencoding',
  'host',
  // Another path or method than the one that was authorised.
  'xoriginalurl',
  'xoriginaluri',
  'xoriginalmethod',
  'xrewriteurl',
  'xhttpmethod',
  'xhttpmethodoverride',
  'xmethodoverride',
]);

const namesMax = 2000;
const known = new Map<string, HeaderKind>();

/** The kind of a field name in any spelling. Answers are remembered, for at most 2,000 spellings. */
export function headerKindOf(name: string): HeaderKind {
  const remembered = known.get(name);
  if (remembered !== undefined) return remembered;
  const kind = classify(name.toLowerCase());
  if (known.size < namesMax && name.length <= 64) known.set(name, kind);
  return kind;
}

function classify(lower: string): HeaderKind {
  const kind = named.get(lower);
  if (kind !== undefined) return kind;
  if (/^x[^a-z0-9]*pi[^a-z0-9]/.test(lower) || lower === 'x-pi') return headerKind.internal;
  const letters = lower.replace(/[^a-z0-9]/g, '');
  if (/^xpi(gateway|call|revocations|identity)$/.test(letters)) return headerKind.internal;
  if (dropped.has(letters) || letters.startsWith('xforwarded')) return headerKind.drop;
  return headerKind.pass;
}

/** The names a Connection header lists, lower case; undefined when it lists none that a message could carry. */
export function listedNames(connection: string): string[] | undefined {
  if (connection === 'keep-alive' || connection === 'close') return undefined;
  const names = connection.toLowerCase().split(',');
  const listed = names.map((name) => name.trim()).filter((name) => !connectionOptions.has(name));
  return listed.length === 0 ? undefined : listed;
}
const connectionOptions = new Set(['', 'keep-alive', 'close', 'upgrade']);

/** Takes fields out of a flat list in place. */
export function removeListed(headers: string[], names: readonly string[]): void {
  let kept = 0;
  for (let i = 0; i < headers.length; i += 2) {
    if (names.includes(headers[i]!.toLowerCase())) continue;
    headers[kept] = headers[i]!;
    headers[kept + 1] = headers[i + 1]!;
    kept += 2;
  }
  headers.length = kept;
}
