// The routing state that one request sees from its first to its last step: immutable, swapped whole by a
// reload. Routes are joined with their services here, and the gateway's own routes are added.

import { noTlsFiles } from '../upstreams/client-tls.ts';
import type { UpstreamService } from '../upstreams/upstream-service.ts';
import { authServiceName } from './auth-service.ts';
import type { Route, RoutingConfig, Service } from './route.ts';
import { type Leaf, RouteTable } from './route-table.ts';

/** `upstream` undefined: the gateway answers by itself (`GET /`). */
export type SnapshotRoute = Route & {
  readonly upstream: UpstreamService | undefined;
  /** Whether `authorization` goes on. */
  readonly forwardToken: boolean;
  /** Whether the service is our own auth service, to which the gateway proves itself. */
  readonly isAuth: boolean;
};

export type Snapshot = {
  readonly services: ReadonlyMap<string, UpstreamService>;
  readonly routes: readonly SnapshotRoute[];
  readonly hash: string;
  match(path: string): Leaf<SnapshotRoute> | undefined;
};

export type SnapshotOptions = {
  readonly authUrl: string;
  readonly openService: (service: Service) => UpstreamService;
};

/** Joins a configuration with running services; those of `previous` that did not change are taken over. */
export function openSnapshot(config: RoutingConfig, options: SnapshotOptions, previous?: Snapshot): Snapshot {
  const services = new Map<string, UpstreamService>();
  for (const service of [...config.services.values(), ...ownAuth(config, options.authUrl)]) {
    const running = previous?.services.get(service.name);
    const isSame = running !== undefined && JSON.stringify(running.config) === JSON.stringify(service);
    services.set(service.name, isSame ? running : options.openService(service));
  }
  const table = new RouteTable<SnapshotRoute>();
  const routes: SnapshotRoute[] = [];
  const add = (route: Route, forwardToken: boolean) => {
    const upstream = services.get(route.service);
    const joined: SnapshotRoute = {
      ...route,
      upstream,
      forwardToken,
      isAuth: route.service === authServiceName,
    };
    table.add(Object.freeze(joined));
    routes.push(joined);
  };
  for (const route of config.routes) add(route, config.services.get(route.service)?.forwardToken === true);
  for (const route of ownRoutes) if (!table.hasPattern(route.path)) add(route, false);
  // Auth checks the service's own credentials, which stand in `authorization`.
  for (const route of serviceRoutes) if (!table.hasPattern(route.path)) add(route, true);
  // A route such as /* is for everything, the root too.
  if (table.match('/') === undefined) add(rootRoute, false);
  return Object.freeze({
    services,
    routes: Object.freeze(routes),
    hash: config.hash,
    match: (path: string) => table.match(path),
  });
}

function ownAuth(config: RoutingConfig, authUrl: string): Service[] {
  if (config.services.has(authServiceName)) return [];
  const timeouts = {
    connectMs: 1000,
    headersMs: 30_000,
    idleMs: 30_000,
    totalMs: undefined,
    tunnelIdleMs: 30_000,
  };
  return [
    {
      name: authServiceName,
      targets: [{ origin: authUrl, weight: 1 }],
      dnsRefreshMs: 3000,
      tls: noTlsFiles,
      balance: 'round_robin',
      timeouts,
      retries: 1,
      health: undefined,
      breaker: undefined,
      maxPending: 1024,
      forwardToken: false,
    },
  ];
}

const own = {
  methods: ['GET', 'HEAD'],
  stripPrefix: '',
  access: { kind: 'public' },
  rateLimit: undefined,
  bodyLimitBytes: 0,
  encodedSlashes: 'refuse',
} as const;

/** The documents of auth that stand at the root of the gateway too. */
const ownRoutes: readonly Route[] = [
  { ...own, path: '/.well-known/*', service: authServiceName },
  { ...own, path: '/openapi.json', service: authServiceName },
];

/** What services in any language ask of auth, with credentials of their own (RFC 7662, RFC 7009). */
const serviceRoutes: readonly Route[] = ['/oauth/introspect', '/oauth/revoke'].map((path) => ({
  ...own,
  path,
  methods: ['POST'],
  service: authServiceName,
  bodyLimitBytes: 16_384,
}));
const rootRoute: Route = { ...own, path: '/', service: '' };
