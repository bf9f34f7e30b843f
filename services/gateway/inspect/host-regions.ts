// Every host there is, as finitely many: one for each way in which a host can be named by some patterns and not by
// others.

import { type HostPattern, parseHostPattern } from '../routing/host-pattern.ts';
import type { Route } from '../routing/route.ts';
import { rankHost } from './precedence.ts';

export type HostRegion = {
  /** One that stands for all of them. */
  readonly host: string;
  readonly isFor: (route: Route) => boolean;
};

/** The first is a host that no route names. `patterns`: the hosts of routes, in any order and number. */
export function listHostRegions(patterns: readonly string[]): HostRegion[] {
  const parsed = [...new Set(patterns)]
    .map(parseHostPattern)
    .filter((pattern): pattern is HostPattern => pattern.kind === 'pattern');
  const exact = parsed.filter(({ isWildcard }) => !isWildcard).map(({ name }) => name);
  const below = parsed
    .filter(({ isWildcard }) => isWildcard)
    .map(({ name }) => otherBelow(exact, `.${name}`));
  // What no pattern names (a wildcard has a dot in front), then what each names, then a name under each wildcard.
  const hosts = [otherBelow(exact, ''), ...exact, ...below];
  return [...new Set(hosts)].map((name) => {
    const host = name.includes(':') ? `[${name}]` : name;
    return { host, isFor: (route: Route) => rankHost(route, host) !== undefined };
  });
}

function otherBelow(exact: readonly string[], suffix: string): string {
  let label = 'any-host';
  while (exact.includes(`${label}${suffix}`)) label += '-x';
  return `${label}${suffix}`;
}
