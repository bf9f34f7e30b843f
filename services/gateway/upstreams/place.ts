// Where a target is, read from its name in gateway.yaml: `http://10.0.0.5:9000`, `https://orders.internal` or
// `http+unix:/run/orders.sock`.

import { isIP } from 'node:net';

export type Place =
  | { readonly kind: 'unix'; readonly path: string }
  | {
      readonly kind: 'tcp';
      readonly isTls: boolean;
      /** A name or a bare address (IPv6 without brackets). */
      readonly host: string;
      readonly port: number;
      /** What a request calls it: the host, and the port unless it is the scheme's own. */
      readonly authority: string;
    };

/** An address that every system takes (macOS: 103 bytes), and nothing that a URL would escape. */
const unixForm = /^http\+unix:(?:\/\/)?(\/(?!\/)[^\0-\x20\x7f?#%]{1,102})$/;

/** undefined for anything but an origin: a path, a query or credentials are none. */
export function readPlace(text: string): Place | undefined {
  const path = unixForm.exec(text)?.[1];
  if (path !== undefined) return { kind: 'unix', path };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) return undefined;
  const { pathname, search, hash, username, password, hostname } = url;
  if (pathname !== '/' || `${search}${hash}${username}${password}` !== '') return undefined;
  const isTls = url.protocol === 'https:';
  return {
    kind: 'tcp',
    isTls,
    host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port),
    authority: url.host,
  };
}

/** The one spelling of a place: the name of a target in log and metrics. */
export function originOf(place: Place): string {
  if (place.kind === 'unix') return `http+unix:${place.path}`;
  return `http${place.isTls ? 's' : ''}://${place.authority}`;
}

/** The host name to look up; undefined where there is nothing to look up. */
export function nameOf(place: Place): string | undefined {
  return place.kind === 'tcp' && isIP(place.host) === 0 ? place.host : undefined;
}
