// What becomes of a request, and why: the route it has, what that route won over, what is checked, where it goes. The
// decision is the gateway's own (routing/decide-route.ts); only the reasons are made here.

import { headerKind, headerKindOf } from '../proxy/header-kinds.ts';
import { readCanonicalPath } from '../routing/canonical-path.ts';
import { decideRoute, type RoutedRequest, type RouteRefusal } from '../routing/decide-route.ts';
import { indexRoutes } from '../routing/index-routes.ts';
import { reservedPaths } from '../routing/load-config.ts';
import { ownRoutes } from '../routing/own-routes.ts';
import type { Route, RoutingConfig } from '../routing/route.ts';
import { compileTargetPath } from '../routing/target-path.ts';
import { compareRoutes, type Reason } from './precedence.ts';

export type AskedRequest = {
  readonly method: string;
  readonly host: string;
  /** Path and query, as a client would send them. */
  readonly target: string;
  /** Flat: name, value, name, value … */
  readonly headers: readonly string[];
};

export type Explanation =
  | { readonly kind: 'no_path'; readonly reason: string }
  | { readonly kind: 'gateway'; readonly path: string }
  | {
      readonly kind: 'refused';
      readonly path: string;
      readonly code: RouteRefusal<Route>['code'];
      readonly near: Route | undefined;
      readonly allow: readonly string[];
    }
  | {
      readonly kind: 'route';
      readonly path: string;
      readonly route: Route;
      /** The one that it would have if this one were not there, and by what this one goes before it. */
      readonly over: { readonly route: Route; readonly by: Reason } | undefined;
      /** Path and query for the service. */
      readonly target: string;
    };

export function explainRequest(config: RoutingConfig, asked: AskedRequest): Explanation {
  const read = readCanonicalPath(asked.target);
  if (read.kind === 'refused') return { kind: 'no_path', reason: read.reason };
  const { path, query } = read;
  if ((reservedPaths as readonly string[]).includes(path) || path.startsWith('/verify/')) {
    return { kind: 'gateway', path };
  }
  const own = ownRoutes(config.routes);
  const request: RoutedRequest = {
    ...asked,
    path,
    hasEncodedSlashes: read.hasEncodedSlash,
    headers: passingFields(asked.headers),
  };
  const decision = decideRoute(indexRoutes(config.routes, own), request);
  if (decision.kind === 'refused') return { ...decision, path };
  const { route } = decision;
  const over = findNext(config, route, request);
  return { kind: 'route', path, route, over, target: compileTargetPath(route)(path) + query };
}

function findNext(
  config: RoutingConfig,
  winner: Route,
  request: RoutedRequest,
): { route: Route; by: Reason } | undefined {
  const others = config.routes.filter((route) => route !== winner);
  const own = ownRoutes(others).filter((route) => route !== winner);
  const next = decideRoute(indexRoutes(others, own), request);
  if (next.kind === 'refused') return undefined;
  const { by } = compareRoutes(winner, next.route, request);
  return by === undefined ? undefined : { route: next.route, by };
}

/** Those that go on to the service, and so may decide. */
function passingFields(fields: readonly string[]): string[] {
  const passing: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (headerKindOf(fields[i]!) === headerKind.pass) passing.push(fields[i]!, fields[i + 1]!);
  }
  return passing;
}
