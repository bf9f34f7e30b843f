// The routing state that one request sees from its first to its last step: immutable, swapped whole by a
// reload. Routes are joined with their services here, and the gateway's own routes are added.

import type { TrustedIssuer } from '../issuers/trusted-issuer.ts';
import { noTlsFiles } from '../upstreams/client-tls.ts';
import type { UpstreamService } from '../upstreams/upstream-service.ts';
import { authServiceName } from './auth-service.ts';
import type { Routes } from './decide-route.ts';
import { indexRoutes } from './index-routes.ts';
import { forwardsToken, ownRoutes } from './own-routes.ts';
import type { Issuer, Route, RoutingConfig, Service } from './route.ts';
import { compileTargetPath } from './target-path.ts';

/** `upstream` undefined: the gateway answers by itself (`GET /`). */
export type SnapshotRoute = Route & {
  readonly upstream: UpstreamService | undefined;
  /** Whether `authorization` goes on. */
  readonly forwardToken: boolean;
  /** Whether the service is our own auth service, to which the gateway proves itself. */
  readonly isAuth: boolean;
  /** From the path that was matched and authorised to the one for the service. */
  readonly targetPath: (path: string) => string;
};

export type Snapshot = Routes<SnapshotRoute> & {
  readonly services: ReadonlyMap<string, UpstreamService>;
  readonly routes: readonly SnapshotRoute[];
  readonly issuers: ReadonlyMap<string, TrustedIssuer>;
  readonly hash: string;
};

export type SnapshotOptions = {
  readonly authUrl: string;
  readonly openService: (service: Service) => UpstreamService;
  readonly openIssuer: (issuer: Issuer) => TrustedIssuer;
};

/** Joins a configuration with running services; those of `previous` that did not change are taken over. */
export function openSnapshot(config: RoutingConfig, options: SnapshotOptions, previous?: Snapshot): Snapshot {
  const services = new Map<string, UpstreamService>();
  for (const service of [...config.services.values(), ...ownAuth(config, options.authUrl)]) {
    const running = previous?.services.get(service.name);
    const isSame = running !== undefined && JSON.stringify(running.config) === JSON.stringify(service);
    services.set(service.name, isSame ? running : options.openService(service));
  }
  const join = (route: Route): SnapshotRoute =>
    Object.freeze({
      ...route,
      upstream: services.get(route.service),
      forwardToken: forwardsToken(route, config),
      isAuth: route.service === authServiceName,
      targetPath: compileTargetPath(route),
    });
  const routes = config.routes.map(join);
  const own = ownRoutes(config.routes).map(join);
  return Object.freeze({
    services,
    routes: Object.freeze([...routes, ...own]),
    issuers: openIssuers(config, options, previous),
    hash: config.hash,
    ...indexRoutes(routes, own),
  });
}

/** Those that did not change keep their keys. */
function openIssuers(
  { issuers }: RoutingConfig,
  { openIssuer }: SnapshotOptions,
  previous: Snapshot | undefined,
): ReadonlyMap<string, TrustedIssuer> {
  const opened = [...issuers].map(([name, issuer]) => {
    const running = previous?.issuers.get(name);
    const isSame = running !== undefined && JSON.stringify(running.config) === JSON.stringify(issuer);
    return [name, isSame ? running : openIssuer(issuer)] as const;
  });
  return new Map(opened);
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
      protocol: 'http1',
      tls: noTlsFiles,
      balance: 'round_robin',
      timeouts,
      retries: 1,
      health: undefined,
      breaker: undefined,
      maxPending: 1024,
      forwardToken: false,
      identity: 'headers',
    },
  ];
}
