// The gateway's own answers.

import { closeBehindUnread } from '../close-behind.ts';
import type { Exchange } from '../exchange.ts';

/** Answers 200 with JSON; HEAD gets the same head. */
export function answerJson(x: Exchange, body: unknown, cacheControl: string): void {
  const text = JSON.stringify(body);
  const fields = [
    'content-type',
    'application/json',
    'content-length',
    String(Buffer.byteLength(text)),
    'cache-control',
    cacheControl,
    'x-content-type-options',
    'nosniff',
    'x-request-id',
    x.requestId,
  ];
  closeBehindUnread(x, fields);
  x.res.writeHead(200, fields);
  x.res.end(text);
}
