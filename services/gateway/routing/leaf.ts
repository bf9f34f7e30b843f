// The routes of one path on one host, and the choice among them: for a method, a route that names it before one
// that has all methods; then the one with more header conditions. The choice stays here: a method or a header
// that none of them takes leads to no other path.

import { areHeadersMet, canMeetBoth, compareHeaders } from './header-condition.ts';
import { type Route, routeMethods } from './route.ts';

/** Two routes that one request could match alike. */
export type RouteTie<R extends Route> = { readonly first: R; readonly second: R; readonly method: string };

export class Leaf<R extends Route> {
  readonly routes: R[] = [];
  /** The most specific first. */
  readonly #byMethod = new Map<string, R[]>();

  /** Adds a route; a tie is returned and the route left out. */
  add(route: R): RouteTie<R> | undefined {
    const methods = routeMethods.filter((method) => servesMethod(route, method) !== undefined);
    for (const method of methods) {
      const first = this.#byMethod.get(method)?.find((other) => isTie(other, route, method));
      if (first !== undefined) return { first, second: route, method };
    }
    this.routes.push(route);
    for (const method of methods) {
      const before = this.#byMethod.get(method) ?? [];
      this.#byMethod.set(
        method,
        [...before, route].toSorted((a, b) => compareOnPath(a, b, method)),
      );
    }
    return undefined;
  }

  /** The route for a request; `fields` is a flat list of its header fields. */
  choose(method: string, fields: readonly string[]): R | undefined {
    const candidates = this.#byMethod.get(method);
    if (candidates === undefined) return undefined;
    const [first] = candidates;
    if (first!.headers.length === 0) return first;
    return candidates.find(({ headers }) => areHeadersMet(headers, fields));
  }

  /** The methods that such a request may have: the `Allow` of a 405; none: there is nothing here for it. */
  allowed(fields: readonly string[]): readonly string[] {
    return routeMethods.filter((method) => this.choose(method, fields) !== undefined);
  }
}

/** Negative when `a`, of the same path, is more specific than `b` for this method. */
export function compareOnPath(a: Route, b: Route, method: string): number {
  return servesMethod(a, method)! - servesMethod(b, method)! || compareHeaders(a.headers, b.headers);
}

/** How a route comes to a method: 0 by name, 1 by GET's (HEAD goes along with it), 2 by having all; undefined: not. */
export function servesMethod({ methods }: Route, method: string): 0 | 1 | 2 | undefined {
  if (methods === undefined) return (routeMethods as readonly string[]).includes(method) ? 2 : undefined;
  if (methods.includes(method)) return 0;
  return method === 'HEAD' && methods.includes('GET') ? 1 : undefined;
}

function isTie(a: Route, b: Route, method: string): boolean {
  return compareOnPath(a, b, method) === 0 && canMeetBoth(a.headers, b.headers);
}
