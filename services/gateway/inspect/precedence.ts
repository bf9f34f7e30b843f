// The order of precedence as a comparison of two routes. The table (routing/route-table.ts) decides requests; this
// says the same in words, for people, and a test holds the two together.

import { canonicalHost, parseHostPattern } from '../routing/host-pattern.ts';
import { compareOnPath, servesMethod } from '../routing/leaf.ts';
import { parsePattern } from '../routing/path-pattern.ts';
import type { Route } from '../routing/route.ts';

export type Reason = 'host' | 'path' | 'method' | 'headers';

/** Which of two routes for one host and path comes first, and by what; `undefined`: by nothing. */
export function compareRoutes(
  a: Route,
  b: Route,
  request: { readonly host: string; readonly method: string },
): { readonly order: number; readonly by: Reason | undefined } {
  const byHost = rankHost(a, request.host)! - rankHost(b, request.host)!;
  if (byHost !== 0) return { order: byHost, by: 'host' };
  const byPath = comparePaths(a, b);
  if (byPath !== 0) return { order: byPath, by: 'path' };
  const [ofA = 3, ofB = 3] = [servesMethod(a, request.method), servesMethod(b, request.method)];
  if (ofA !== ofB) return { order: ofA - ofB, by: 'method' };
  const byHeaders = ofA === 3 ? 0 : compareOnPath(a, b, request.method);
  return { order: byHeaders, by: byHeaders === 0 ? undefined : 'headers' };
}

/** Negative when the path of `a` is more specific; for two that can match the same path. */
export function comparePaths(a: Route, b: Route): number {
  const [left, right] = [rankPath(a), rankPath(b)];
  return left === right ? 0 : left < right ? -1 : 1;
}

/** The lower the more specific; undefined: not for this host. Without a host: by what the route names at best. */
export function rankHost({ hosts }: Route, host?: string): number | undefined {
  if (hosts.length === 0) return Number.MAX_SAFE_INTEGER;
  const asked = host === undefined ? undefined : canonicalHost(host);
  const ranks = hosts.flatMap((text) => {
    const pattern = parseHostPattern(text);
    if (pattern.kind === 'refused') return [];
    const { name, isWildcard } = pattern;
    if (asked !== undefined && !(isWildcard ? asked.endsWith(`.${name}`) : asked === name)) return [];
    return [isWildcard ? 1000 - name.length : 0];
  });
  return ranks.length === 0 ? undefined : Math.min(...ranks);
}

/** Segment by segment: a literal before a named one before the end before the rest. */
function rankPath({ path }: Route): string {
  const pattern = parsePattern(path);
  if (pattern.kind === 'refused') throw new Error(`path ${path}: ${pattern.reason}`);
  const { segments, tail } = pattern;
  return segments.map(({ kind }) => (kind === 'literal' ? '0' : '1')).join('') + (tail ? '3' : '2');
}
