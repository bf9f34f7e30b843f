// match: host and canonical path pick the routes, method and headers pick one of them. Every host and path has
// exactly one set of routes, so a method that is not allowed is a 405 and never a way to a wider route.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { Exchange } from '../exchange.ts';
import { type Route, routeMethods } from '../routing/route.ts';
import type { SnapshotRoute } from '../routing/snapshot.ts';

const anyMethod = routeMethods.join(', ');

/** The route that a request of this one's path and another method would take. */
export function findRoute(x: Exchange, method: string): SnapshotRoute | undefined {
  return x.snapshot.match(x.host, x.path)?.choose(method, x.headers);
}

export function matchRoute(x: Exchange): void {
  const { method } = x;
  const leaf = x.snapshot.match(x.host, x.path);
  if (leaf === undefined) {
    // TRACE would send the client's own headers back (RFC 9110 section 9.3.8): nowhere, not even at a 404.
    if (method === 'TRACE') throw new AppError('method_not_allowed', { headers: { allow: anyMethod } });
    throw new AppError(x.snapshot.servesHost(x.host) ? 'not_found' : 'misdirected_request');
  }
  const route = leaf.choose(method, x.headers);
  // The label of log and metrics is the path's, whether or not the method fits.
  x.route = route ?? leaf.routes[0];
  if (x.hasEncodedSlashes && !mayHoldSlashes(route === undefined ? leaf.routes : [route])) {
    throw new AppError('malformed_request', { detail: 'An encoded slash is not allowed in this path.' });
  }
  if (route !== undefined) return;
  const allowed = leaf.allowed(x.headers);
  // Routes that ask for other headers are not there for this request.
  if (allowed.length === 0) throw new AppError('not_found');
  throw new AppError('method_not_allowed', { headers: { allow: allowed.join(', ') } });
}

function mayHoldSlashes(routes: readonly Route[]): boolean {
  return routes.every(({ encodedSlashes }) => encodedSlashes === 'pass');
}
