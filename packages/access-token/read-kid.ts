// Which key a token names, for whoever has to know by which key a token that has held was signed. Tells nothing
// of whether it holds: that is verify.ts alone.

import { decodeJsonPart } from './decode-part.ts';
import { isKid } from './jwks.ts';

/** Undefined when the text names none in the form of ours. */
export function readKid(token: string): string | undefined {
  const kid = decodeJsonPart(token.slice(0, Math.max(0, token.indexOf('.'))))?.kid;
  return isKid(kid) ? kid : undefined;
}
