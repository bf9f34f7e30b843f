// Whether a Host header names one host (RFC 9110 section 7.2). Also for `pi gateway explain`, which is asked about
// hosts before any request has them.

// A name, an IPv4 or a bracketed IPv6 address, perhaps a port: no user, no path, no list, no escapes.
const authority = /^(?:[a-z0-9_][a-z0-9._-]*|\[[0-9a-f:.]{2,45}\])(?::([0-9]{1,5}))?$/i;

// Nearly every request names the host of the one before.
let soundAuthority = '';

export function isSoundAuthority(value: string): boolean {
  if (value === soundAuthority) return true;
  const match = authority.exec(value);
  if (match === null) return false;
  if (match[1] !== undefined && (Number(match[1]) === 0 || Number(match[1]) > 65_535)) return false;
  soundAuthority = value;
  return true;
}
