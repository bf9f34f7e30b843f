// Whether a request's body is still to come (RFC 9112 section 6.3).

import type { IncomingMessage } from 'node:http';

/** False for a request without a body, and once the body is whole. */
export function hasUnreadBody(req: IncomingMessage): boolean {
  if (req.complete) return false;
  const length = req.headers['content-length'];
  return req.headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) > 0);
}
