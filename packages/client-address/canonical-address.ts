// One address, one text: what limits count by, what events record, what services are told. Without it a caller
// could pass for many by writing one address in many ways.

import { formatAddress, isIPv4Groups, parseAddress } from './address.ts';

/**
 * Dotted IPv4 (IPv4-mapped IPv6 is folded to it) or RFC 5952 IPv6 without its zone; undefined for what is no
 * address. Brackets, ports, spaces and leading zeros make it none.
 */
export function canonicalAddress(ip: string): string | undefined {
  const groups = parseAddress(ip);
  return groups === undefined ? undefined : formatAddress(groups);
}

/**
 * The network that limits count by: an IPv4 address itself, of IPv6 its /64, because one customer is given at
 * least that much and can use a new address for every request. `unknown` for what is no address.
 */
export function networkOf(address: string): string {
  const groups = parseAddress(address);
  if (groups === undefined) return 'unknown';
  if (isIPv4Groups(groups)) return formatAddress(groups);
  return `${formatAddress([...groups.slice(0, 4), 0, 0, 0, 0])}/64`;
}
