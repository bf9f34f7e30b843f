// From host and path to the routes that stand for them. The host decides first: its exact name, then wildcards from
// the longest, then the routes without a host, which are for all; the first of these that has the path at all is
// the one, and within it the path decides (path-table.ts), then the method, then headers (leaf.ts). So neither a
// method nor a header ever opens a wider path than the one that was asked for.

import { canonicalHost, hostLengthMax, parseHostPattern } from './host-pattern.ts';
import type { Leaf, RouteTie } from './leaf.ts';
import { PathTable } from './path-table.ts';
import type { Route } from './route.ts';

export class RouteTable<R extends Route> {
  readonly #anyHost = new PathTable<R>();
  readonly #exact = new Map<string, PathTable<R>>();
  /** By what follows `*.`. */
  readonly #wildcards = new Map<string, PathTable<R>>();

  /** Adds a route; a tie is returned and the route left out. */
  add(route: R): RouteTie<R> | undefined {
    if (route.hosts.length === 0) return this.#anyHost.add(route);
    for (const host of route.hosts) {
      const tie = this.#tableOf(host).add(route);
      if (tie !== undefined) return tie;
    }
    return undefined;
  }

  /** True when a route for all hosts with the same pattern (names of segments aside) is there. */
  hasPattern(path: string): boolean {
    return this.#anyHost.hasPattern(path);
  }

  /** `host` as the client sent it; the path is canonical. */
  match(host: string, path: string): Leaf<R> | undefined {
    for (const table of this.#tablesOf(host)) {
      const leaf = table.match(path);
      if (leaf !== undefined) return leaf;
    }
    return this.#anyHost.match(path);
  }

  /** Whether a route names this host, by itself or by a wildcard. */
  namesHost(host: string): boolean {
    return this.#tablesOf(host).length > 0;
  }

  #tableOf(host: string): PathTable<R> {
    const pattern = parseHostPattern(host);
    if (pattern.kind === 'refused') throw new Error(`host ${host} ${pattern.reason}`);
    const tables = pattern.isWildcard ? this.#wildcards : this.#exact;
    const table = tables.get(pattern.name) ?? new PathTable<R>();
    tables.set(pattern.name, table);
    return table;
  }

  /** Those that name the host, the most specific first. */
  #tablesOf(host: string): readonly PathTable<R>[] {
    if (this.#exact.size + this.#wildcards.size === 0) return none;
    const name = canonicalHost(host);
    // What no route could name is not looked for, label by label.
    if (name.length > hostLengthMax) return none;
    const tables: PathTable<R>[] = [];
    const exact = this.#exact.get(name);
    if (exact !== undefined) tables.push(exact);
    if (this.#wildcards.size === 0) return tables;
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      const wildcard = this.#wildcards.get(name.slice(dot + 1));
      if (wildcard !== undefined) tables.push(wildcard);
    }
    return tables;
  }
}

const none: readonly never[] = Object.freeze([]);
