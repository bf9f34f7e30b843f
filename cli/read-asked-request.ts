// The request that `pi gateway explain` is asked about. The URL is cut, not parsed: a parser would take dot segments
// out and escape what is not escaped, and the answer would be about another request than the client's.

import { routeMethods } from '@pi-gateway/gateway/routing/route.ts';
import { isSoundAuthority } from '@pi-gateway/http-front/sound-authority.ts';
import { InvalidArgumentError } from 'commander';

const methods: readonly string[] = [...routeMethods, 'TRACE'];

export type AskedUrl = {
  readonly host: string | undefined;
  /** Path and query. */
  readonly target: string;
};

/** `http://host/path?query`, or a path. */
export function readAskedUrl(url: string): AskedUrl {
  const [, host, rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  if (host !== undefined) return { host: readHost(host), target: rest.startsWith('/') ? rest : `/${rest}` };
  if (url.startsWith('/')) return { host: undefined, target: url };
  throw new InvalidArgumentError('It begins with http://, https:// or, for a path, with /.');
}

/** As the gateway takes it in a Host header. */
export function readHost(host: string): string {
  if (isSoundAuthority(host)) return host;
  throw new InvalidArgumentError('A host is a name or an address, perhaps with a port: any other is a 400.');
}

/** In upper case. */
export function readMethod(method: string): string {
  const upper = method.toUpperCase();
  if (methods.includes(upper)) return upper;
  throw new InvalidArgumentError(`The gateway takes ${methods.join(', ')}: any other method is a 501.`);
}

/** Adds the name and the value of `name: value` to those before. */
export function readHeader(field: string, before: readonly string[]): string[] {
  const colon = field.indexOf(':');
  if (colon < 1) throw new InvalidArgumentError('A header is written as name: value.');
  return [...before, field.slice(0, colon).trim(), field.slice(colon + 1).trim()];
}
