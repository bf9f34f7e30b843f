// What a change of gateway.yaml means for requests, not for lines: for every kind of request that either file tells
// apart (host, path, method, headers), what became of it before and what becomes of it now. A route that is taken
// away may well open its path to a wider one; a line-by-line look would call that a removal.

import { decideRoute, type RouteDecision, type RoutedRequest, type Routes } from '../routing/decide-route.ts';
import type { HeaderCondition } from '../routing/header-condition.ts';
import { indexRoutes } from '../routing/index-routes.ts';
import { ownRoutes } from '../routing/own-routes.ts';
import { type Route, type RoutingConfig, routeMethods } from '../routing/route.ts';
import { compileTargetPath } from '../routing/target-path.ts';
import { compareAccess } from './compare-access.ts';
import {
  describeIssuer,
  describeRoute,
  describeService,
  formatAccess,
  type Plain,
} from './describe-route.ts';
import { listHostRegions } from './host-regions.ts';
import { listPathRegions, otherThan } from './path-regions.ts';
import { compareRoutes } from './precedence.ts';

/** The first three let in whom the file before did not. */
export const changeKinds = ['opened', 'weaker', 'different', 'stronger', 'closed', 'changed'] as const;
export type ChangeKind = (typeof changeKinds)[number];

export type RouteChange = {
  readonly kind: ChangeKind;
  /** Host and path of the narrower of the two routes. */
  readonly where: string;
  readonly methods: readonly string[];
  /** The route with its access, or `refused`. */
  readonly before: string;
  readonly after: string;
  /** Beside access: the settings that are not the same, with both values. */
  readonly settings: Readonly<Record<string, readonly [before: Plain, after: Plain]>>;
  /** A request that it happens to. */
  readonly example: string;
};

export type ServiceChange = {
  readonly service: string;
  readonly settings: Readonly<Record<string, readonly [before: Plain, after: Plain]>>;
};

export type IssuerChange = {
  readonly issuer: string;
  readonly settings: Readonly<Record<string, readonly [before: Plain, after: Plain]>>;
};

export type ConfigDiff = {
  readonly routes: readonly RouteChange[];
  readonly services: readonly ServiceChange[];
  readonly issuers: readonly IssuerChange[];
  /** Whether somebody gets in who did not, or may. */
  readonly opens: boolean;
};

export function diffConfigs(before: RoutingConfig, after: RoutingConfig): ConfigDiff {
  const routes = diffRoutes(before, after);
  const opening: readonly ChangeKind[] = changeKinds.slice(0, 3);
  const issuers = diffIssuers(before, after);
  return {
    routes,
    services: diffServices(before, after),
    issuers,
    // Another key set, audience or meaning of roles may let in others, whatever the routes say.
    opens:
      routes.some(({ kind }) => opening.includes(kind)) ||
      issuers.some(({ issuer }) => before.issuers.has(issuer) && after.issuers.has(issuer)),
  };
}

type Decision = RouteDecision<Route>;

function diffRoutes(before: RoutingConfig, after: RoutingConfig): RouteChange[] {
  const [old, now] = [indexConfig(before), indexConfig(after)];
  const changes = new Map<string, { change: RouteChange; methods: Set<string> }>();
  const note = (change: RouteChange, method: string) => {
    const key = JSON.stringify({ ...change, methods: [], example: '' });
    const known = changes.get(key) ?? { change, methods: new Set() };
    known.methods.add(method);
    changes.set(key, known);
  };
  const every = [...old.all, ...now.all];
  for (const [index, { host, isFor }] of listHostRegions(every.flatMap(({ hosts }) => hosts)).entries()) {
    const routes = every.filter(isFor);
    // On a host that is named, what its own routes leave alone is as it is on all hosts.
    const own = index === 0 ? routes : routes.filter(({ hosts }) => hosts.length > 0);
    for (const path of listPathRegions(pathsOf(routes), pathsOf(own))) {
      for (const headers of listHeaderRegions([old.table, now.table], host, path)) {
        for (const method of routeMethods) {
          const request = { host, path, method, headers, hasEncodedSlashes: false };
          const [was, is] = [decideRoute(old.table, request), decideRoute(now.table, request)];
          const change = compareDecisions(was, is, request);
          if (change !== undefined) note({ ...change, example: formatRequest(request) }, method);
        }
      }
    }
  }
  return [...changes.values()]
    .map(({ change, methods }) => ({ ...change, methods: routeMethods.filter((one) => methods.has(one)) }))
    .toSorted((a, b) => changeKinds.indexOf(a.kind) - changeKinds.indexOf(b.kind));
}

function indexConfig({ routes }: RoutingConfig): {
  readonly all: readonly Route[];
  readonly table: Routes<Route>;
} {
  const own = ownRoutes(routes);
  return { all: [...routes, ...own], table: indexRoutes(routes, own) };
}

const pathsOf = (routes: readonly Route[]) => routes.map(({ path }) => path);

function compareDecisions(
  was: Decision,
  is: Decision,
  request: RoutedRequest,
): Omit<RouteChange, 'example'> | undefined {
  if (was.kind === 'refused' && is.kind === 'refused') return undefined;
  const [old, now] = [was, is].map((one) => (one.kind === 'route' ? one.route : undefined));
  const narrower =
    old === undefined || (now !== undefined && compareRoutes(now, old, request).order < 0) ? now! : old;
  const change = {
    where: narrower.label,
    methods: [],
    before: formatDecision(was),
    after: formatDecision(is),
    settings: {},
  };
  if (old === undefined) return { ...change, kind: 'opened' };
  if (now === undefined) return { ...change, kind: 'closed' };
  const settings = compareSettings(old, now, request.path);
  const access = compareAccess(old.access, now.access);
  if (access !== 'same') return { ...change, settings, kind: access };
  return Object.keys(settings).length === 0 ? undefined : { ...change, settings, kind: 'changed' };
}

/** What only tells which requests a route is for, or is compared by what it does. */
const notCompared = ['host', 'path', 'methods', 'headers', 'access', 'strip_prefix', 'rewrite'];

function compareSettings(old: Route, now: Route, path: string): RouteChange['settings'] {
  const describe = (route: Route) => ({
    ...Object.fromEntries(Object.entries(describeRoute(route)).filter(([key]) => !notCompared.includes(key))),
    target_path: compileTargetPath(route)(path),
  });
  const settings = compareValues(describe(old), describe(now));
  // Which path it is stands in the example; that it is another is what counts.
  if (settings['target_path'] !== undefined) {
    settings['target_path'] = [targetPathOf(old), targetPathOf(now)];
  }
  return settings;
}

function targetPathOf({ stripPrefix, rewrite, path }: Route): string {
  return rewrite ?? (stripPrefix === '' ? path : path.slice(stripPrefix.length) || '/');
}

function compareValues(
  old: Readonly<Record<string, Plain>>,
  now: Readonly<Record<string, Plain>>,
): Record<string, readonly [Plain, Plain]> {
  const keys = new Set([...Object.keys(old), ...Object.keys(now)]);
  return Object.fromEntries(
    [...keys]
      .filter((key) => JSON.stringify(old[key] ?? null) !== JSON.stringify(now[key] ?? null))
      .map((key) => [key, [old[key] ?? null, now[key] ?? null] as const]),
  );
}

function diffIssuers(before: RoutingConfig, after: RoutingConfig): IssuerChange[] {
  const names = new Set([...before.issuers.keys(), ...after.issuers.keys()]);
  const settings = ({ issuers }: RoutingConfig, name: string) => {
    const issuer = issuers.get(name);
    return issuer === undefined ? {} : describeIssuer(issuer);
  };
  return [...names].flatMap((issuer) => {
    const changed = compareValues(settings(before, issuer), settings(after, issuer));
    return Object.keys(changed).length === 0 ? [] : [{ issuer, settings: changed }];
  });
}

function diffServices(before: RoutingConfig, after: RoutingConfig): ServiceChange[] {
  const names = new Set([...before.services.keys(), ...after.services.keys()]);
  return [...names].flatMap((service) => {
    const settings = compareValues(settingsOf(before, service), settingsOf(after, service));
    return Object.keys(settings).length === 0 ? [] : [{ service, settings }];
  });
}

function settingsOf({ services }: RoutingConfig, name: string): Record<string, Plain> {
  const service = services.get(name);
  return service === undefined ? {} : describeService(service);
}

/** One set of fields for each way in which the routes of this path can be met. */
function listHeaderRegions(tables: readonly Routes<Route>[], host: string, path: string): string[][] {
  const asked = tables
    .flatMap((table) => table.match(host, path)?.routes ?? [])
    .flatMap(({ headers }) => headers);
  const names = [...new Set(asked.map(({ name }) => name))];
  let regions: string[][] = [[]];
  for (const name of names) {
    const values = valuesOf(asked, name);
    regions = regions.flatMap((fields) => [fields, ...values.map((value) => [...fields, name, value])]);
    if (regions.length > 10_000)
      throw new Error(`the headers of the routes for ${path} cross in too many ways`);
  }
  return regions;
}

function valuesOf(asked: readonly HeaderCondition[], name: string): string[] {
  const values = asked.flatMap((one) => (one.name === name && one.value !== undefined ? [one.value] : []));
  return [...new Set(values), otherThan(values)];
}

function formatDecision(decision: Decision): string {
  if (decision.kind === 'refused') return 'refused';
  const { label, access } = decision.route;
  return `${label} (${formatAccess(access)})`;
}

function formatRequest({ method, host, path, headers }: RoutedRequest): string {
  const fields = headers.flatMap((name, i) => (i % 2 === 0 ? [`, ${name}: ${headers[i + 1]}`] : []));
  return `${method} http://${host}${path}${fields.join('')}`;
}
