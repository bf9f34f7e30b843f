// The one path that is matched, authorised and forwarded, byte for byte. Services decode, merge and strip in their
// own ways; what two of them could take for different places has no canonical form and is refused. What remains
// is normalised as RFC 3986 section 6.2.2 allows: escaped unreserved characters are written plainly (so that the
// letters of a route match in one spelling only), hexadecimal digits are upper case.

export type CanonicalPath =
  | {
      readonly kind: 'path';
      readonly path: string;
      /** With its question mark, as it came; empty when there is none. */
      readonly query: string;
      /** The route decides: refused unless it says `encoded_slashes: pass`. */
      readonly hasEncodedSlash: boolean;
    }
  | { readonly kind: 'refused'; readonly reason: string };

// Nearly every path: sound segments without escapes, none of them of one or two dots. Linear: no two ways to match.
const plainPath = /^(?:\/(?!\.\.?(?:\/|$))[!"$&-.0-:<-[\]-~]+)*\/?$/;
const outsidePrintable = /[^!-~]/;
const queryOutsidePrintable = /[^!-~]|#/;
// Controls of ASCII and Latin-1, and the backslash that some servers take for a slash.
const unsafeDecoded = /[\p{Cc}\\]/u;
const escape = /%[0-9a-f]{2}/gi;
const unreserved = /[A-Za-z0-9._~-]/;
const escapedTwice = /%25(?:[0-9A-F]{2}|u[0-9A-F]{4})/i;
// A dot segment ends at whatever some server takes for an end once it has decoded; spaces around it fall off on others.
const dotSegment = /(?:\/|%2F)(?:%20)*\.\.?(?:%20)*(?:\/|%2F|%3B|%3F|%23|$)/;

const refused = (reason: string): CanonicalPath => ({ kind: 'refused', reason });

function normaliseEscape(text: string): string {
  const char = String.fromCharCode(Number.parseInt(text.slice(1), 16));
  return unreserved.test(char) ? char : text.toUpperCase();
}

/** Judges a request target in origin-form (the front reduces absolute-form to it). Pure; never throws. */
export function readCanonicalPath(target: string): CanonicalPath {
  const mark = target.indexOf('?');
  const raw = mark === -1 ? target : target.slice(0, mark);
  const query = mark === -1 ? '' : target.slice(mark);
  if (query !== '' && queryOutsidePrintable.test(query))
    return refused('The query holds a character to be escaped.');
  if (raw !== '' && plainPath.test(raw)) return { kind: 'path', path: raw, query, hasEncodedSlash: false };

  if (!raw.startsWith('/')) return refused('The request target is not a path.');
  if (raw.includes('#')) return refused('The path holds a fragment.');
  if (outsidePrintable.test(raw)) return refused('The path holds a character to be escaped.');
  // Services disagree whether `/admin;x` is `/admin`, so a route for `/admin` could be walked around.
  if (raw.includes(';')) return refused('The path holds a parameter.');
  let decoded: string;
  try {
    decoded = decodeURIComponent(raw); // strict: whole escapes, well-formed UTF-8, no overlong forms
  } catch {
    return refused('The path holds an invalid escape.');
  }
  if (unsafeDecoded.test(decoded)) return refused('The path holds a control character or a backslash.');
  const path = raw.replace(escape, normaliseEscape);
  if (escapedTwice.test(path)) return refused('The path is escaped twice.');
  if (path.includes('//')) return refused('The path holds an empty segment.');
  if (dotSegment.test(path)) return refused('The path holds a dot segment.');
  return { kind: 'path', path, query, hasEncodedSlash: path.includes('%2F') };
}
