// One entry under `routes:` in gateway.yaml. What is not said is the safe choice: no `access` means
// `authenticated`, so that nothing is open by accident.

import { authServiceName } from './auth-service.ts';
import { parsePattern } from './path-pattern.ts';
import { readAccess } from './read-access.ts';
import { readCors } from './read-cors.ts';
import { ownIssuerName } from './read-issuer.ts';
import { readConcurrency, readRateLimit } from './read-limits.ts';
import { readHeaderConditions, readHosts, readMethods } from './read-match.ts';
import type { Field, NodeReader, YamlNode } from './read-node.ts';
import { type Issuer, type Priority, priorities, type Route } from './route.ts';
import { parseRewrite } from './target-path.ts';

export const routeKeys = [
  'host',
  'path',
  'methods',
  'headers',
  'service',
  'strip_prefix',
  'rewrite',
  'access',
  'rate_limit',
  'body_limit_bytes',
  'encoded_slashes',
  'cors',
  'priority',
  'concurrency',
  'header_limit_bytes',
] as const;

const bodyLimitBytesDefault = 10_485_760;

/** Reads a route; undefined when something in it was refused. */
export function readRoute(
  reader: NodeReader,
  node: YamlNode,
  issuers: ReadonlyMap<string, Issuer>,
): Route | undefined {
  const fields = reader.fields(node, routeKeys, 'a route');
  if (fields === undefined) return undefined;
  const get = (key: (typeof routeKeys)[number]) => fields.get(key)?.value;
  const before = reader.problems.length;

  const path = fields.has('path')
    ? readPath(reader, get('path'))
    : reader.refuse(node, 'a route needs a path, e.g. path: /orders/*');
  const service = fields.has('service')
    ? reader.text(get('service'), 'service')
    : reader.refuse(node, 'a route needs a service: the name of one under services');
  const hosts = fields.has('host') ? readHosts(reader, get('host')) : [];
  if (fields.has('rewrite') && fields.has('strip_prefix')) {
    reader.refuse(fields.get('rewrite')?.key, 'rewrite takes the place of strip_prefix: write one of them');
  }
  const route: Route = {
    label: `${hosts.join(',')}${path}`,
    hosts,
    path: path ?? '/',
    methods: fields.has('methods') ? readMethods(reader, get('methods')) : undefined,
    headers: fields.has('headers') ? readHeaderConditions(reader, get('headers')) : [],
    service: service ?? '',
    stripPrefix: fields.has('strip_prefix') ? readStripPrefix(reader, get('strip_prefix'), path) : '',
    rewrite: fields.has('rewrite') ? readRewrite(reader, get('rewrite'), path) : undefined,
    access: fields.has('access') ? readAccess(reader, get('access'), issuers) : { kind: 'authenticated' },
    rateLimit: fields.has('rate_limit') ? readRateLimit(reader, get('rate_limit')) : undefined,
    bodyLimitBytes: fields.has('body_limit_bytes')
      ? (reader.whole(get('body_limit_bytes'), 'body_limit_bytes', 0, 2 ** 40) ?? bodyLimitBytesDefault)
      : bodyLimitBytesDefault,
    encodedSlashes:
      (fields.has('encoded_slashes') &&
        reader.word(get('encoded_slashes'), 'encoded_slashes', ['refuse', 'pass'] as const)) ||
      'refuse',
    cors: fields.has('cors') ? readCors(reader, get('cors')) : undefined,
    priority: readPriority(reader, fields.get('priority'), service),
    concurrency: fields.has('concurrency') ? readConcurrency(reader, get('concurrency')) : undefined,
    headerLimitBytes: fields.has('header_limit_bytes')
      ? reader.whole(get('header_limit_bytes'), 'header_limit_bytes', 0, 16_384)
      : undefined,
  };
  if (service === authServiceName && takesOthers(route)) {
    reader.refuse(get('access'), 'the service auth knows tokens of our own only');
  }
  return reader.problems.length === before ? Object.freeze(route) : undefined;
}

function takesOthers({ access }: Route): boolean {
  return 'issuers' in access && (access.issuers?.some((name) => name !== ownIssuerName) ?? false);
}

function readPath(reader: NodeReader, node: YamlNode): string | undefined {
  const text = reader.text(node, 'path');
  if (text === undefined) return undefined;
  const pattern = parsePattern(text);
  return pattern.kind === 'pattern'
    ? text
    : reader.refuse(node, `path ${reader.written(node)}: ${pattern.reason}`);
}

function readStripPrefix(reader: NodeReader, node: YamlNode, path: string | undefined): string {
  const prefix = reader.text(node, 'strip_prefix');
  if (prefix === undefined || path === undefined) return '';
  const pattern = parsePattern(prefix);
  if (pattern.kind !== 'pattern' || pattern.segments.some((segment) => segment.kind !== 'literal')) {
    reader.refuse(node, 'strip_prefix is a plain path such as /api');
  } else if (prefix.endsWith('/')) {
    reader.refuse(node, 'strip_prefix must not end in a slash: the rest of the path keeps its own');
  } else if (path !== prefix && !path.startsWith(`${prefix}/`)) {
    reader.refuse(node, `strip_prefix ${reader.written(node)} is not how the path ${path} begins`);
  }
  return prefix;
}

/** Signing in and out goes before all else: without it nothing else can be used. */
function readPriority(reader: NodeReader, field: Field | undefined, service: string | undefined): Priority {
  const unsaid = service === authServiceName ? 'critical' : 'normal';
  return field === undefined ? unsaid : (reader.word(field.value, 'priority', priorities) ?? unsaid);
}

function readRewrite(reader: NodeReader, node: YamlNode, path: string | undefined): string | undefined {
  const text = reader.text(node, 'rewrite');
  const pattern = path === undefined ? undefined : parsePattern(path);
  if (text === undefined || pattern?.kind !== 'pattern') return undefined;
  const rewrite = parseRewrite(text, pattern);
  if (rewrite.kind === 'pattern') return text;
  return reader.refuse(node, `rewrite ${reader.written(node)}: ${rewrite.reason}`);
}
