// match: host and canonical path pick the routes, method and headers pick one of them. Every host and path has
// exactly one set of routes, so a method that is not allowed is a 405 and never a way to a wider route.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { Exchange } from '../exchange.ts';
import { decideRoute } from '../routing/decide-route.ts';
import type { SnapshotRoute } from '../routing/snapshot.ts';

/** The route that a request of this one's path and another method would take. */
export function findRoute(x: Exchange, method: string): SnapshotRoute | undefined {
  return x.snapshot.match(x.host, x.path)?.choose(method, x.headers);
}

/** @throws {AppError} not_found, misdirected_request, method_not_allowed, malformed_request. */
export function matchRoute(x: Exchange): void {
  const decision = decideRoute(x.snapshot, x);
  if (decision.kind === 'route') {
    x.route = decision.route;
    return;
  }
  // The label of log and metrics is the path's, whether or not the method fits.
  x.route = decision.near;
  const { code, allow } = decision;
  if (code === 'malformed_request') {
    throw new AppError(code, { detail: 'An encoded slash is not allowed in this path.' });
  }
  throw new AppError(code, code === 'method_not_allowed' ? { headers: { allow: allow.join(', ') } } : {});
}
