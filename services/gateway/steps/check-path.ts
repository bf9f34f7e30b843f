// check: the path in its one canonical form. What is matched, authorised and forwarded from here on are the
// very same bytes; what has no safe form is refused before anything looks at it.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { Exchange } from '../exchange.ts';
import { readCanonicalPath } from '../routing/canonical-path.ts';

export function checkPath(x: Exchange): void {
  x.method = x.req.method!;
  readPath(x, x.req.url!);
}

/** @throws {AppError} malformed_request. */
export function readPath(x: Exchange, target: string): void {
  const canonical = readCanonicalPath(target);
  if (canonical.kind === 'refused') throw new AppError('malformed_request', { detail: canonical.reason });
  x.path = canonical.path;
  x.query = canonical.query;
  x.hasEncodedSlashes = canonical.hasEncodedSlash;
}
