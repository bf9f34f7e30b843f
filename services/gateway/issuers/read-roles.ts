// What another issuer's token says of roles, in our own words. Only what gateway.yaml maps counts: somebody else's
// `admin` is nothing here until the file says that it is.

import type { Issuer } from '../routing/route.ts';

/** The mapped roles, each once, in the order of the file. Pure. */
export function readRoles(payload: Readonly<Record<string, unknown>>, { roles }: Issuer): readonly string[] {
  if (roles === undefined) return [];
  const said = readNames(readPath(payload, roles.claim));
  const ours = roles.map.filter(([theirs]) => said.has(theirs)).map(([, own]) => own);
  return [...new Set(ours)];
}

function readPath(payload: Readonly<Record<string, unknown>>, path: readonly string[]): unknown {
  let value: unknown = payload;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) {
      return undefined;
    }
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** A list of names, or names parted by spaces as in `scope` (RFC 6749 section 3.3). */
function readNames(value: unknown): ReadonlySet<string> {
  if (typeof value === 'string') return new Set(value.split(' '));
  return new Set(Array.isArray(value) ? value.filter((name) => typeof name === 'string') : []);
}
