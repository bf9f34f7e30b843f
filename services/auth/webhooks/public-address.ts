// Which addresses a webhook may reach: those of the public internet, so that nobody makes the service call what only the
// service can reach. After the IANA registries of special-purpose addresses (RFC 6890); of IPv6 only what is global unicast.

import { BlockList } from 'node:net';
import { formatAddress, isIPv4Groups, parseAddress } from '@pi-gateway/client-address/address.ts';

const special = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // shared, behind a carrier's NAT
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link-local: the metadata services of clouds
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3], // multicast, reserved, broadcast
] as const) {
  special.addSubnet(network, bits, 'ipv4');
}
const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');
for (const [network, bits] of [
  ['2001::', 23], // protocol assignments, Teredo
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4: an IPv4 address inside
  ['3fff::', 20],
] as const) {
  special.addSubnet(network, bits, 'ipv6');
}

/** False for what is no address. */
export function isPublicAddress(text: string): boolean {
  const groups = parseAddress(text);
  if (groups === undefined) return false;
  // IPv4-mapped, or translated by NAT64 (RFC 6052): what counts is the IPv4 address.
  const isTranslated = groups.slice(0, 6).join() === [0x64, 0xff9b, 0, 0, 0, 0].join();
  if (isTranslated) return isPublicAddress(formatAddress([0, 0, 0, 0, 0, 0xffff, ...groups.slice(6)]));
  const address = formatAddress(groups);
  if (isIPv4Groups(groups)) return !special.check(address, 'ipv4');
  return global6.check(address, 'ipv6') && !special.check(address, 'ipv6');
}
