// The gateway's own answers.

import type { Exchange } from '../exchange.ts';

/** Answers 200, or the status given, with JSON; HEAD gets the same head. */
export function answerJson(x: Exchange, body: unknown, cacheControl: string): void {
  const text = JSON.stringify(body);
  x.res.writeHead(200, [
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
  ]);
  x.res.end(text);
}
