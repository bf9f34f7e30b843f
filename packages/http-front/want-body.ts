// `Expect: 100-continue` (RFC 9110 section 10.1.1): the front never sends the 100 by itself, so that a request that
// is refused by its head costs no upload. A handler calls this before it reads the body; when it answers without,
// Node closes the connection behind the answer.

import type { IncomingMessage, ServerResponse } from 'node:http';

const asked = Symbol('100 sent');

/** Sends `100 Continue` if the client waits for it; a second call does nothing. */
export function wantBody(req: IncomingMessage, res: ServerResponse & { [asked]?: true }): void {
  if (req.headers.expect === undefined || req.httpVersionMinor === 0 || res.headersSent || res[asked]) return;
  res[asked] = true;
  res.writeContinue();
}
