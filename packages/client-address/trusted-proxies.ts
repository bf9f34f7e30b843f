// The networks whose forwarding headers are believed. None by default; loopback has to be named like any other.

import { type AddressGroups, isIPv4Groups, parseAddress } from './address.ts';

type Network = { readonly groups: AddressGroups; readonly prefixBits: number; readonly isIPv4: boolean };
export type TrustedProxies = readonly Network[];

/**
 * Reads networks and single addresses, separated by commas or spaces; empty text is nobody.
 * @throws {Error} naming the entry that is neither.
 */
export function parseTrustedProxies(text: string): TrustedProxies {
  return text
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(parseNetwork);
}

/** True when the peer's address lies in one of the networks; false for what is no address. */
export function isTrusted(peer: string, trusted: TrustedProxies): boolean {
  if (trusted.length === 0) return false;
  const groups = parseAddress(peer);
  if (groups === undefined) return false;
  const isIPv4 = isIPv4Groups(groups);
  return trusted.some((network) => network.isIPv4 === isIPv4 && contains(network, groups));
}

function parseNetwork(entry: string): Network {
  const [, address = '', prefix] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const groups = parseAddress(address);
  const widthBits = address.includes(':') ? 128 : 32;
  const bits = prefix === undefined ? widthBits : Number(prefix);
  if (groups === undefined || bits > widthBits) {
    throw new Error(`must be addresses or networks such as 10.0.0.0/8 or fd00::/8, but has "${entry}"`);
  }
  const prefixBits = bits + 128 - widthBits;
  // ::ffff:0:0/95 and shorter hold more than the IPv4 addresses: those are IPv6 networks.
  return { groups, prefixBits, isIPv4: isIPv4Groups(groups) && prefixBits >= 96 };
}

function contains({ groups, prefixBits }: Network, address: AddressGroups): boolean {
  for (let i = 0; i * 16 < prefixBits; i += 1) {
    const shift = Math.max(0, 16 - (prefixBits - i * 16));
    if (groups[i]! >> shift !== address[i]! >> shift) return false;
  }
  return true;
}
