// The bearer token of a request (RFC 6750 section 2.1), from the raw header lines: Node's joined headers would
// hide that there were two. Another scheme is as good as none. Two lines, or one line with a list of
// credentials, is a request that two readers may understand in two ways: the caller refuses it.

export type Bearer =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'duplicate' };

const none: Bearer = { kind: 'none' };
const duplicate: Bearer = { kind: 'duplicate' };
// The closing quote is optional, so that a hostile value of nothing but quotes is read once, not once a quote.
const quotedString = /"(?:[^"\\]|\\.)*"?/g;
// After a comma comes either a parameter of the same credentials (`name=…`) or the scheme of the next ones.
const nextCredentials = /,[ \t]*[^\s,="]+(?:[ \t]+[^\s,]|[ \t]*(?:,|$))/;

/** @param rawHeaders names and values in turn, as in `IncomingMessage.rawHeaders`. */
export function readBearer(rawHeaders: readonly string[]): Bearer {
  let value: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length !== 13 || name.toLowerCase() !== 'authorization') continue;
    if (value !== undefined) return duplicate;
    value = rawHeaders[i + 1]!;
  }
  if (value === undefined) return none;
  const isBearer = /^bearer(?:[ \t]|$)/i.test(value);
  if (value.includes(',') && isList(value, isBearer)) return duplicate;
  if (!isBearer) return none;
  const rest = value.slice('bearer'.length);
  if (rest.trim() === '') return none;
  // One space is taken off; whatever stands there beyond it makes a token that no verifier accepts.
  return { kind: 'token', token: rest.startsWith(' ') ? rest.slice(1) : rest };
}

function isList(value: string, isBearer: boolean): boolean {
  // No token holds a comma (token68), so that with Bearer any comma makes a list.
  return isBearer || nextCredentials.test(value.replace(quotedString, '""'));
}
