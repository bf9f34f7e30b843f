// By what requests are told apart where they are counted: the user where there is one and the client's network else,
// or the value of a header. What a header holds may be a secret, so it goes into no key in clear.

import { createHmac } from 'node:crypto';
import { networkOf } from '@pi-gateway/client-address/canonical-address.ts';
import type { Exchange } from '../exchange.ts';
import { onlyField } from '../proxy/cors-fields.ts';
import type { RateLimit } from '../routing/route.ts';

export function callerKey(x: Exchange): string {
  return x.principal === undefined ? networkKey(x) : `user:${x.principal.id}`;
}

/** Without the header, or with two of it, the network counts: leaving it out is no way around. */
export function rateKey(x: Exchange, { by, header }: RateLimit, secret: Buffer): string {
  if (by === 'ip') return networkKey(x);
  const value = by === 'header' ? onlyField(x.headers, header!) : undefined;
  if (by === 'user') return callerKey(x);
  if (value === undefined) return networkKey(x);
  return `header:${createHmac('sha256', secret).update(value).digest('base64url').slice(0, 22)}`;
}

function networkKey(x: Exchange): string {
  return `net:${networkOf(x.clientAddress)}`;
}
