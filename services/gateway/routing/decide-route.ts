// Which route a request has, or why it has none: the one decision behind a request, `/verify`, `pi gateway explain`
// and `pi gateway diff`. Pure; the canonical path is made before.

import type { Leaf } from './leaf.ts';
import { type Route, routeMethods } from './route.ts';

export type RoutedRequest = {
  readonly method: string;
  /** As the client wrote it. */
  readonly host: string;
  /** Canonical. */
  readonly path: string;
  readonly hasEncodedSlashes: boolean;
  /** The end-to-end header fields, flat: name, value, name, value … */
  readonly headers: readonly string[];
};

export type Routes<R extends Route> = {
  match(host: string, path: string): Leaf<R> | undefined;
  /** Whether the file has anything for this host. */
  servesHost(host: string): boolean;
};

type RefusalCode = 'not_found' | 'misdirected_request' | 'method_not_allowed' | 'malformed_request';

export type RouteRefusal<R extends Route> = {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  /** One of the routes that the path has, if it has any. */
  readonly near: R | undefined;
  /** Of `method_not_allowed`: the methods there are. */
  readonly allow: readonly string[];
};

export type RouteDecision<R extends Route> = { readonly kind: 'route'; readonly route: R } | RouteRefusal<R>;

export function decideRoute<R extends Route>(table: Routes<R>, request: RoutedRequest): RouteDecision<R> {
  const { method, host, headers } = request;
  const leaf = table.match(host, request.path);
  if (leaf === undefined) {
    // TRACE would send the client's own headers back (RFC 9110 section 9.3.8): nowhere, not even at a 404.
    if (method === 'TRACE') return refuse<R>('method_not_allowed', undefined, routeMethods);
    return refuse<R>(table.servesHost(host) ? 'not_found' : 'misdirected_request', undefined);
  }
  const route = leaf.choose(method, headers);
  const near = leaf.routes[0];
  if (request.hasEncodedSlashes && !mayHoldSlashes(route === undefined ? leaf.routes : [route])) {
    return refuse('malformed_request', route ?? near);
  }
  if (route !== undefined) return { kind: 'route', route };
  const allow = leaf.allowed(headers);
  // Routes that ask for other headers are not there for this request.
  return allow.length === 0 ? refuse('not_found', near) : refuse('method_not_allowed', near, allow);
}

function refuse<R extends Route>(
  code: RefusalCode,
  near: R | undefined,
  allow: readonly string[] = [],
): RouteRefusal<R> {
  return { kind: 'refused', code, near, allow };
}

function mayHoldSlashes(routes: readonly Route[]): boolean {
  return routes.every(({ encodedSlashes }) => encodedSlashes === 'pass');
}
