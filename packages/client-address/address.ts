// Addresses as eight 16-bit groups, IPv4 as its IPv4-mapped IPv6 form (RFC 4291 section 2.5.5.2), so that one
// comparison serves both. Node's own check decides what an address is: no leading zeros, no octal, no spaces.

import { isIP } from 'node:net';

/** Eight numbers from 0 to 65535. */
export type AddressGroups = readonly number[];

/** The groups of an IPv4 or IPv6 address, its zone dropped; undefined when the text is neither. */
export function parseAddress(text: string): AddressGroups | undefined {
  switch (isIP(text)) {
    case 4:
      return [0, 0, 0, 0, 0, 0xffff, ...quadGroups(text)];
    case 6:
      return parseIPv6(text.split('%', 1)[0]!);
    default:
      return undefined;
  }
}

/** True for an IPv4 address, however it was written. */
export function isIPv4Groups(groups: AddressGroups): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
}

/** The one text of an address: dotted IPv4, or IPv6 as RFC 5952 section 4 has it. */
export function formatAddress(groups: AddressGroups): string {
  if (isIPv4Groups(groups))
    return [groups[6]! >> 8, groups[6]! & 255, groups[7]! >> 8, groups[7]! & 255].join('.');
  const [start, length] = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function parseIPv6(text: string): AddressGroups {
  const [head = '', tail] = text.split('::');
  if (tail === undefined) return readGroups(head);
  const [before, after] = [readGroups(head), readGroups(tail)];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function readGroups(text: string): number[] {
  if (text === '') return [];
  return text
    .split(':')
    .flatMap((part) => (part.includes('.') ? quadGroups(part) : Number.parseInt(part, 16)));
}

function quadGroups(quad: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = quad.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}

/** The first of the longest runs of zero groups: where it starts and how long it is. */
function longestZeroRun(groups: AddressGroups): readonly [start: number, length: number] {
  let [best, bestLength, length] = [0, 0, 0];
  for (const [i, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > bestLength) [best, bestLength] = [i - length + 1, length];
  }
  return [best, bestLength];
}
