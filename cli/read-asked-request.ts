// The request that `pi gateway explain` is asked about. The URL is cut, not parsed: a parser would take dot segments
// out and escape what is not escaped, and the answer would be about another request than the client's.

import { InvalidArgumentError } from 'commander';

export type AskedUrl = {
  readonly host: string | undefined;
  /** Path and query. */
  readonly target: string;
};

/** `http://host/path?query`, or a path. */
export function readAskedUrl(url: string): AskedUrl {
  const [, host, rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  if (host !== undefined) return { host, target: rest.startsWith('/') ? rest : `/${rest}` };
  if (url.startsWith('/')) return { host: undefined, target: url };
  throw new InvalidArgumentError('It begins with http://, https:// or, for a path, with /.');
}

/** Adds the name and the value of `name: value` to those before. */
export function readHeader(field: string, before: readonly string[]): string[] {
  const colon = field.indexOf(':');
  if (colon < 1) throw new InvalidArgumentError('A header is written as name: value.');
  return [...before, field.slice(0, colon).trim(), field.slice(colon + 1).trim()];
}
