// match: the canonical path picks the routes, the method picks one of them. Every path has exactly one set of
// routes, so a method that is not allowed is a 405 and never a way to a wider route.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { Exchange } from '../exchange.ts';
import { routeMethods } from '../routing/route.ts';
import type { SnapshotRoute } from '../routing/snapshot.ts';

const anyMethod = routeMethods.join(', ');

/** The route that a request of this one's path and another method would take. */
export function findRoute(x: Exchange, method: string): SnapshotRoute | undefined {
  return x.snapshot.match(x.path)?.byMethod.get(method);
}

export function matchRoute(x: Exchange): void {
  const { method } = x;
  const leaf = x.snapshot.match(x.path);
  if (leaf === undefined) {
    // TRACE would send the client's own headers back (RFC 9110 section 9.3.8): nowhere, not even at a 404.
    if (method === 'TRACE') throw new AppError('method_not_allowed', { headers: { allow: anyMethod } });
    throw new AppError('not_found');
  }
  const route = leaf.byMethod.get(method);
  // The label of log and metrics is the path's, whether or not the method fits.
  x.route = route ?? leaf.routes[0];
  if (x.hasEncodedSlashes && leaf.routes.some((one) => one.encodedSlashes !== 'pass')) {
    throw new AppError('malformed_request', { detail: 'An encoded slash is not allowed in this path.' });
  }
  if (route === undefined) throw new AppError('method_not_allowed', { headers: { allow: leaf.allow } });
}
