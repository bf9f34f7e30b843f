// The internal token of a request, from the raw header lines. The gateway sends exactly one; a second line was added by
// somebody on the way past it, and whose it is nobody can tell.

import { internalTokenHeader } from './internal-token.ts';
import type { Bearer } from './read-bearer.ts';

/** @param rawHeaders names and values in turn, as in `IncomingMessage.rawHeaders`. */
export function readInternalToken(rawHeaders: readonly string[]): Bearer {
  let token: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() !== internalTokenHeader) continue;
    if (token !== undefined) return { kind: 'duplicate' };
    token = rawHeaders[i + 1]!;
  }
  return token === undefined ? { kind: 'none' } : { kind: 'token', token };
}
