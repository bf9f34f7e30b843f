// An answer that leaves a body unread is the last one on its connection: what still comes can't be told from
// the next request (RFC 9112 section 9.6), and reading it to its end would be work for nobody.

import { connectionOf } from '@pi-gateway/http-front/connection.ts';
import type { Exchange } from './exchange.ts';

/** Adds `connection: close` to the fields of an answer when the request's body has not arrived whole. */
export function closeBehindUnread(x: Exchange, fields: string[]): void {
  if (!x.hasBody || x.req.complete) return;
  fields.push('connection', 'close');
  connectionOf(x.req.socket).isClosing = true;
}
