// `cors:` of a route. Origins are compared as they are: no patterns, no suffixes (`evil-example.com` ends in
// `example.com`), no `null` (any sandboxed page sends it).

import type { NodeReader, YamlNode } from './read-node.ts';
import { type Cors, routeMethods } from './route.ts';

export const corsKeys = [
  'origins',
  'methods',
  'headers',
  'expose_headers',
  'credentials',
  'max_age_seconds',
] as const;

const headersDefault = ['authorization', 'content-type'];
const exposedDefault = ['x-request-id', 'retry-after', 'ratelimit', 'ratelimit-policy'];
const headerName = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
const itemsMax = 64;

/** Reads the mapping; what was refused is left out of the result, which is then not used. */
export function readCors(reader: NodeReader, node: YamlNode): Cors | undefined {
  const fields = reader.fields(node, corsKeys, 'cors');
  if (fields === undefined) return undefined;
  const get = (key: (typeof corsKeys)[number]) => fields.get(key)?.value;
  const origins = fields.has('origins')
    ? readList(reader, get('origins'), 'origins', readOrigin)
    : reader.refuse(node, 'cors needs origins, e.g. origins: [https://app.example.com]');
  const credentials = fields.has('credentials') && reader.flag(get('credentials'), 'credentials') === true;
  if (origins?.includes('*')) {
    if (origins.length > 1) reader.refuse(get('origins'), 'origins: * stands alone or not at all');
    if (credentials)
      reader.refuse(get('origins'), 'origins: * with credentials would let every site act for its visitors');
  }
  const names = (key: 'headers' | 'expose_headers', fallback: readonly string[]) =>
    fields.has(key) ? (readList(reader, get(key), key, readHeaderName) ?? fallback) : fallback;
  const maxAge = fields.has('max_age_seconds')
    ? reader.whole(get('max_age_seconds'), 'max_age_seconds', 0, 86_400)
    : undefined;
  return Object.freeze({
    origins: origins?.includes('*') ? ('*' as const) : (origins ?? []),
    methods: fields.has('methods') ? readList(reader, get('methods'), 'methods', readMethod) : undefined,
    headers: names('headers', headersDefault),
    exposedHeaders: names('expose_headers', exposedDefault),
    credentials,
    maxAgeSeconds: maxAge ?? 600,
  });
}

type ReadItem = (reader: NodeReader, node: YamlNode) => string | undefined;

function readList(
  reader: NodeReader,
  node: YamlNode,
  what: string,
  readItem: ReadItem,
): readonly string[] | undefined {
  const items = reader.items(node, what);
  if (items === undefined) return undefined;
  if (items.length > itemsMax) return reader.refuse(node, `${what} has more than ${itemsMax} entries`);
  const texts = items.map((item) => readItem(reader, item));
  return Object.freeze(texts.filter((text) => text !== undefined));
}

function readOrigin(reader: NodeReader, node: YamlNode): string | undefined {
  const text = reader.text(node, 'an origin');
  if (text === undefined || text === '*' || isOrigin(text)) return text;
  return reader.refuse(
    node,
    `${text} is no origin as browsers send it, such as https://app.example.com: null, paths, patterns and suffixes are refused`,
  );
}

/** Scheme, host and port as a browser writes them (RFC 6454 section 6.2): lower case, no default port, no path. */
function isOrigin(text: string): boolean {
  if (/^https?:/.test(text))
    return !text.includes('*') && URL.canParse(text) && new URL(text).origin === text;
  // Apps' own schemes, whose origin the URL standard does not tell: capacitor://localhost.
  return /^[a-z][a-z0-9+.-]*:\/\/[a-z0-9][a-z0-9.-]*(?::\d{1,5})?$/.test(text);
}

function readHeaderName(reader: NodeReader, node: YamlNode): string | undefined {
  const name = reader.text(node, 'a header name')?.toLowerCase();
  if (name === undefined || (headerName.test(name) && name !== '*')) return name;
  return reader.refuse(node, `${name} is no name of a header; name each one, * is not taken`);
}

function readMethod(reader: NodeReader, node: YamlNode): string | undefined {
  return reader.word(node, 'a method', routeMethods);
}
