// assign: who is at the other end, and the name of this request. Trusted peers (our own entry's socket, and
// TRUSTED_PROXIES) are believed about the client's address and the host he asked for, and may bring the id along;
// everybody else is just a client, on loopback too.

import { canonicalAddress } from '@pi-gateway/client-address/canonical-address.ts';
import { clientAddress } from '@pi-gateway/client-address/client-address.ts';
import { isTrusted, type TrustedProxies } from '@pi-gateway/client-address/trusted-proxies.ts';
import type { Exchange } from '../exchange.ts';
import { newRequestId } from '../request-id.ts';

const idForm = /^[A-Za-z0-9-]{8,64}$/;

/** Stands for the client's address when our own entry sent none: no real address, so no other's bucket. */
const unknownAddress = '0.0.0.0';

export function assignRequestId(x: Exchange, deps: { readonly trustedProxies: TrustedProxies }): void {
  const trusted = deps.trustedProxies;
  const peer = x.listener === 'socket' ? undefined : peerAddress(x);
  x.isTrustedPeer = peer === undefined || isTrusted(peer, trusted);
  if (!x.isTrustedPeer) {
    x.clientAddress = peer!;
    x.requestId = newRequestId();
    return;
  }
  const claimed = x.claimed;
  x.host = originalHost(x);
  x.clientAddress =
    peer === undefined
      ? entryClient(claimed?.forwardedFor, trusted)
      : clientAddress(peer, claimed?.forwardedFor, trusted);
  const id = claimed?.requestId;
  x.requestId = id !== undefined && idForm.test(id) ? id : newRequestId();
}

const hostForm = /^(?:[a-z0-9_][a-z0-9._-]*|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$/i;

function originalHost(x: Exchange): string {
  const claimed = x.claimed?.forwardedHost;
  return claimed !== undefined && hostForm.test(claimed) ? claimed : x.host;
}

// The address is asked of the system once a connection, and put in canonical form once.
const addresses = new WeakMap<object, string>();

function peerAddress(x: Exchange): string {
  const { socket } = x.req;
  let address = addresses.get(socket);
  if (address === undefined) {
    address = canonicalAddress(socket.remoteAddress ?? '') ?? unknownAddress;
    addresses.set(socket, address);
  }
  return address;
}

/** The entry's own list: its last address is the entry's peer, before that the walk over trusted ones goes on. */
function entryClient(forwardedFor: string | undefined, trusted: TrustedProxies): string {
  const comma = forwardedFor?.lastIndexOf(',') ?? -1;
  const peer = canonicalAddress(forwardedFor?.slice(comma + 1).trim() ?? '');
  if (peer === undefined) return unknownAddress;
  return clientAddress(peer, comma === -1 ? undefined : forwardedFor!.slice(0, comma), trusted);
}
