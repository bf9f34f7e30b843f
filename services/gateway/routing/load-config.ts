// gateway.yaml in, services and routes out, or every problem with its line and column. Pure: reads no file
// and no environment, so that start, reload, `pi gateway check` and tests judge a text alike.

import { createHash } from 'node:crypto';
import { internalKeysPath } from '@pi-gateway/access-token/internal-token.ts';
import { type Document, LineCounter, parseDocument, visit, type YAMLError } from 'yaml';
import type { ConfigProblem } from './config-problem.ts';
import { nearestWord } from './nearest-word.ts';
import { readIssuer } from './read-issuer.ts';
import { type Field, NodeReader, type ReadFile, type YamlNode } from './read-node.ts';
import { readRoute } from './read-route.ts';
import { readService } from './read-service.ts';
import type { Issuer, Route, RoutingConfig, Service } from './route.ts';
import { RouteTable } from './route-table.ts';

export const fileKeys = ['services', 'issuers', 'routes'] as const;

/** Paths the gateway answers itself; a route for one of them could never be reached. */
export const reservedPaths = ['/health', '/livez', '/readyz', '/verify', internalKeysPath] as const;

/** What a token may say of its route, so that the token stays well below what services take as a header. */
const tokenRouteMax = 1024;

export type LoadedConfig =
  | { readonly kind: 'config'; readonly config: RoutingConfig }
  | { readonly kind: 'invalid'; readonly problems: readonly ConfigProblem[] };

/**
 * Reads the text of a gateway.yaml; `variables` is what `${NAME}` means. Files that it names are judged too when
 * `readFile` is given.
 */
export function loadConfig(
  text: string,
  variables: Readonly<Record<string, string | undefined>>,
  readFile?: ReadFile,
): LoadedConfig {
  const lines = new LineCounter();
  // Some editors begin a file with a byte order mark; to them it is no column.
  const written = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const document = parseDocument(written, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  // What follows the first error follows from it.
  const [broken] = [...document.errors, ...document.warnings];
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0]);
    const message = syntaxMessage(broken, written);
    return { kind: 'invalid', problems: [{ line: Math.max(line, 1), column: Math.max(col, 1), message }] };
  }
  const reader = new NodeReader(document, lines, variables, readFile);
  refuseLooseAliases(document, reader);
  if (document.contents === null) reader.refuse(null, 'the file is empty: it needs services and routes');
  if (reader.problems.length > 0) return { kind: 'invalid', problems: reader.problems };
  const fields = reader.fields(document.contents, fileKeys, 'the file');
  if (fields === undefined) return { kind: 'invalid', problems: reader.problems };
  const services = readServices(reader, fields.get('services'), document.contents);
  const issuers = readIssuers(reader, fields.get('issuers'));
  const lineOf = readRoutes(reader, fields.get('routes'), document.contents, { services, issuers });
  if (reader.problems.length > 0) {
    const problems = reader.problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
    return { kind: 'invalid', problems };
  }
  const routes = Object.freeze([...lineOf.keys()]);
  const hash = createHash('sha256')
    .update(JSON.stringify([[...services.values()], routes, [...issuers.values()]]))
    .digest('hex');
  return { kind: 'config', config: Object.freeze({ services, routes, lines: lineOf, issuers, hash }) };
}

function syntaxMessage({ code, message, pos }: YAMLError, text: string): string {
  if (code === 'MULTIPLE_DOCS') return 'the file holds more than one document';
  if (code === 'RESOURCE_EXHAUSTION') return 'the file is nested too deeply';
  if (code === 'DUPLICATE_KEY') {
    const [key = ''] = /^[^\s:,{}[\]]{1,64}/.exec(text.slice(pos[0])) ?? [];
    return `the key ${key} stands twice in one mapping`;
  }
  return text[pos[0]] === '{' ? `${message}; a path with {names} is put in quotes` : message;
}

/** An alias is for what stands before it. */
function refuseLooseAliases(document: Document, reader: NodeReader): void {
  const anchors = new Set<string>();
  visit(document, {
    Node(_, node) {
      if ('anchor' in node && typeof node.anchor === 'string') anchors.add(node.anchor);
    },
    Alias(_, alias) {
      if (!anchors.has(alias.source))
        reader.refuse(alias, `there is no &${alias.source} before *${alias.source}`);
    },
  });
}

function readServices(reader: NodeReader, field: Field | undefined, file: YamlNode): Map<string, Service> {
  const services = new Map<string, Service>();
  if (field === undefined) reader.refuse(file, 'the file needs services');
  else {
    for (const [name, entry] of reader.entries(field.value, 'services') ?? []) {
      const service = readService(reader, entry, entry.value);
      // A refused one keeps its name, so that routes to it are not refused as well.
      services.set(name, service as Service);
    }
  }
  return services;
}

function readIssuers(reader: NodeReader, field: Field | undefined): Map<string, Issuer> {
  const issuers = new Map<string, Issuer>();
  if (field === undefined) return issuers;
  for (const [name, entry] of reader.entries(field.value, 'issuers') ?? []) {
    const issuer = readIssuer(reader, entry, entry.value);
    if (issuer === undefined) continue;
    const twin = [...issuers.values()].find((other) => other.issuer === issuer.issuer);
    if (twin !== undefined) reader.refuse(entry.key, `${name} and ${twin.name} are the same issuer`);
    issuers.set(name, issuer);
  }
  return issuers;
}

/** The routes, each with its line. */
function readRoutes(
  reader: NodeReader,
  field: Field | undefined,
  file: YamlNode,
  { services, issuers }: Pick<RoutingConfig, 'services' | 'issuers'>,
): Map<Route, number> {
  const lines = new Map<Route, number>();
  if (field === undefined) {
    reader.refuse(file, 'the file needs routes');
    return lines;
  }
  const table = new RouteTable<Route>();
  for (const node of reader.items(field.value, 'routes') ?? []) {
    const read = readRoute(reader, node, issuers);
    if (read === undefined) continue;
    if (!services.has(read.service)) {
      const near = nearestWord(read.service, services.keys());
      const hint = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
      reader.refuse(node, `there is no service ${JSON.stringify(read.service)}${hint}`);
    }
    if ((reservedPaths as readonly string[]).includes(read.path) || read.path.startsWith('/verify/')) {
      reader.refuse(node, `${read.path} is answered by the gateway itself`);
    }
    if (services.get(read.service)?.identity === 'token' && read.label.length > tokenRouteMax) {
      reader.refuse(
        node,
        `hosts and path stand in the tokens for ${read.service}: ${tokenRouteMax} characters at most`,
      );
    }
    const route = nameLimits(read);
    const tie = table.add(route);
    if (tie !== undefined) {
      const where = `${tie.first.label} in line ${lines.get(tie.first)}`;
      reader.refuse(
        node,
        `${route.label} matches the same requests as ${where}, both with ${tie.method}: give them different hosts, methods or headers`,
      );
    }
    lines.set(route, reader.lineOf(node));
  }
  return lines;
}

/** What is counted is the route's own: what it matches tells it apart, and it stays over a reload. */
function nameLimits(route: Route): Route {
  const { rateLimit, concurrency, path, methods, hosts, headers } = route;
  if (rateLimit === undefined && concurrency === undefined) return route;
  const id = createHash('sha256')
    .update(JSON.stringify([path, methods ?? null, ...hosts, ...headers]))
    .digest('hex')
    .slice(0, 12);
  const name = `route-${id}`;
  return Object.freeze({
    ...route,
    rateLimit: rateLimit && { ...rateLimit, name },
    concurrency: concurrency && { ...concurrency, name },
  });
}
