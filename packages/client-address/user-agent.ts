// The user agent of a request as it is written down: one short line, whatever was sent.

const lengthMax = 512;

/** Null when there is none. Characters that are none of the printable ones of Latin-1 become a space. */
export function readUserAgent(header: string | undefined): string | null {
  // Control characters would be data in the log all the same, but nobody who reads one should be surprised.
  const text = header?.slice(0, 2 * lengthMax).replace(/[^\x20-\x7e\xa0-\xff]+/g, ' ');
  return text === undefined || text === '' ? null : text.slice(0, lengthMax);
}
