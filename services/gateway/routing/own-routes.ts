// The routes that the gateway has without being told: the documents of auth at its root, what services ask of
// auth, and `GET /`. A route of the file with the same pattern takes the place of one.

import { authServiceName } from './auth-service.ts';
import type { Route, RoutingConfig } from './route.ts';
import { RouteTable } from './route-table.ts';

const own = {
  hosts: [],
  headers: [],
  stripPrefix: '',
  rewrite: undefined,
  access: { kind: 'public' },
  rateLimit: undefined,
  bodyLimitBytes: 0,
  encodedSlashes: 'refuse',
} as const;

function document(path: string, service: string): Route {
  return Object.freeze({ ...own, label: path, path, methods: ['GET', 'HEAD'], service });
}

function question(path: string): Route {
  const bodyLimitBytes = 16_384;
  return Object.freeze({
    ...own,
    label: path,
    path,
    methods: ['POST'],
    service: authServiceName,
    bodyLimitBytes,
  });
}

const authRoutes: readonly Route[] = [
  document('/.well-known/*', authServiceName),
  document('/openapi.json', authServiceName),
  // What services in any language ask of auth, with credentials of their own (RFC 7662, RFC 7009).
  question('/oauth/introspect'),
  question('/oauth/revoke'),
];
/** Of no service: the gateway answers it. */
const rootRoute = document('/', '');

/** Those of the gateway's own routes that the file leaves room for. */
export function ownRoutes(routes: readonly Route[]): Route[] {
  const table = new RouteTable<Route>();
  for (const route of routes) table.add(route);
  const free = authRoutes.filter(({ path }) => !table.hasPattern(path));
  // A route such as /* is for everything, the root too.
  return table.match('', '/') === undefined ? [...free, rootRoute] : free;
}

/** Whether `authorization` goes on: to auth with a question, for the service's own credentials stand there. */
export function forwardsToken(route: Route, { services }: RoutingConfig): boolean {
  return authRoutes.includes(route)
    ? route.methods?.includes('POST') === true
    : services.get(route.service)?.forwardToken === true;
}
