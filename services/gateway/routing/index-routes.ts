// The routes of a file and the gateway's own as one table.

import type { Routes } from './decide-route.ts';
import type { Route } from './route.ts';
import { RouteTable } from './route-table.ts';

/** `own`: there on every host, but they make no host one that the file serves. */
export function indexRoutes<R extends Route>(routes: readonly R[], own: readonly R[]): Routes<R> {
  const table = new RouteTable<R>();
  for (const route of [...routes, ...own]) table.add(route);
  const servesAllHosts = routes.length === 0 || routes.some(({ hosts }) => hosts.length === 0);
  return {
    match: (host, path) => table.match(host, path),
    servesHost: (host) => servesAllHosts || table.namesHost(host),
  };
}
