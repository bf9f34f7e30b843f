// Who is calling: the peer, or whom trusted proxies say they speak for. X-Forwarded-For is read from the right,
// the end that the nearest proxy wrote, and only as far as the chain of trusted proxies reaches: everything
// further left is what some client claimed.

import { canonicalAddress } from './canonical-address.ts';
import { isTrusted, type TrustedProxies } from './trusted-proxies.ts';

// More trusted proxies in a row than anyone runs; the bound keeps a header full of our own addresses cheap.
const hopsMax = 32;

/**
 * The client's address in its canonical form (a peer that has no address, as on a unix socket, is given back).
 * An entry that is no address ends the walk: the last proxy that was known is the client then.
 */
export function clientAddress(
  peer: string,
  xForwardedFor: string | undefined,
  trusted: TrustedProxies,
): string {
  let client = canonicalAddress(peer) ?? peer;
  let rest = xForwardedFor ?? '';
  for (let hops = 0; hops < hopsMax && rest !== '' && isTrusted(client, trusted); hops += 1) {
    const comma = rest.lastIndexOf(',');
    const next = canonicalAddress(rest.slice(comma + 1).trim());
    if (next === undefined) break;
    client = next;
    rest = rest.slice(0, Math.max(comma, 0));
  }
  return client;
}
