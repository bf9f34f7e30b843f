// The hosts of a route: a name (`api.example.com`) or all names below one (`*.example.com`: any number of labels,
// never example.com itself). Requests and patterns are compared in one form: lower case, without port and
// without the dot that may end a name, so that no spelling of a host leads around its routes.

import { domainToASCII } from 'node:url';
import { canonicalAddress } from '@pi-gateway/client-address/canonical-address.ts';

export type HostPattern = {
  readonly kind: 'pattern';
  /** As it is compared; of a wildcard what follows `*.`. */
  readonly name: string;
  readonly isWildcard: boolean;
};

type Refusal = { readonly kind: 'refused'; readonly reason: string };

/** The longest name DNS knows, RFC 1035 section 3.1. */
export const hostLengthMax = 253;
const dnsName = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/** Parses a host of gateway.yaml. Names beyond ASCII are taken in the form browsers send (IDNA). */
export function parseHostPattern(text: string): HostPattern | Refusal {
  const isWildcard = text.startsWith('*.');
  const written = isWildcard ? text.slice(2) : text;
  if (written.includes('*')) return refuse('has a * elsewhere than in front, as in *.example.com');
  if (/^\[.*\]$/.test(written)) {
    if (isWildcard || canonicalAddress(written.slice(1, -1)) === undefined) return refuse('is no address');
    return { kind: 'pattern', name: canonicalHost(written), isWildcard };
  }
  if (/[:/%]/.test(written)) return refuse('holds more than a name: routes have neither scheme nor port');
  const name = canonicalHost(domainToASCII(written));
  if (name.length > hostLengthMax || !dnsName.test(name)) return refuse('is no host name');
  return { kind: 'pattern', name, isWildcard };
}

/** As it stands in a route, for the file and for people. */
export function formatHostPattern({ name, isWildcard }: HostPattern): string {
  if (isWildcard) return `*.${name}`;
  return name.includes(':') ? `[${name}]` : name;
}

/** The one form of a Host header that the front let through: `API.Example.com.:8080` is `api.example.com`. */
export function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  if (lower.startsWith('[')) {
    const inner = lower.slice(1, lower.indexOf(']'));
    return canonicalAddress(inner) ?? inner;
  }
  const colon = lower.indexOf(':');
  const name = colon === -1 ? lower : lower.slice(0, colon);
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

function refuse(reason: string): Refusal {
  return { kind: 'refused', reason };
}
