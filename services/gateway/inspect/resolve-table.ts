// The whole table of a gateway.yaml as it works: every route with its defaults, the gateway's own ones too, in
// the order of precedence (read from the top, the first row that fits is the one). Golden files hold it.

import { compareHeaders } from '../routing/header-condition.ts';
import { reservedPaths } from '../routing/load-config.ts';
import { ownRoutes } from '../routing/own-routes.ts';
import type { Route, RoutingConfig } from '../routing/route.ts';
import { type DescribedService, describeRoute, describeService, type Plain } from './describe-route.ts';
import { comparePaths, rankHost } from './precedence.ts';

export type ResolvedTable = {
  /** Answered by the gateway itself, on every host, before any route. */
  readonly gateway: readonly string[];
  /** `line` is null for the gateway's own routes. */
  readonly routes: readonly Readonly<Record<string, Plain>>[];
  readonly services: Readonly<Record<string, DescribedService>>;
};

export function resolveTable(config: RoutingConfig): ResolvedTable {
  const routes = [...config.routes, ...ownRoutes(config.routes)].toSorted(compareRows);
  return {
    gateway: reservedPaths,
    routes: routes.map((route) => ({ line: config.lines.get(route) ?? null, ...describeRoute(route) })),
    services: Object.fromEntries(
      [...config.services].map(([name, service]) => [name, describeService(service)]),
    ),
  };
}

function compareRows(a: Route, b: Route): number {
  return (
    rankHost(a)! - rankHost(b)! ||
    a.hosts.join().localeCompare(b.hosts.join(), 'en') ||
    comparePaths(a, b) ||
    a.path.localeCompare(b.path, 'en') ||
    Number(a.methods === undefined) - Number(b.methods === undefined) ||
    compareHeaders(a.headers, b.headers)
  );
}
