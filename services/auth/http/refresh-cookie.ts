// The refresh token in a cookie that no page can read (REFRESH_COOKIE=on). One rule: a login that sends
// `x-pi-csrf: 1` gets it in the cookie and not in the body; where a token came from, there its successor goes.
// The cookie counts only in a request that our own page must have made: a header that no foreign page can send
// without being asked for by CORS, and the browser's own word about where the request began. `__Host-` keeps
// other hosts and paths from setting it (RFC 6265bis section 4.1.3.2).

import type { FastifyReply } from 'fastify';
import type { Static } from 'typebox';
import type { TokensBody } from './schemas.ts';

const cookieName = '__Host-pi_refresh';
const attributes = 'Path=/; Secure; HttpOnly; SameSite=Strict';

/** Takes the cookie away from the browser: for `set-cookie`. */
export const clearedRefreshCookie = `${cookieName}=; Max-Age=0; ${attributes}`;

/** Moves the refresh token of an answer into the cookie, which lives as long as the session. */
export function answerWithCookie(
  reply: FastifyReply,
  { refresh_token, ...rest }: Static<typeof TokensBody>,
): Omit<Static<typeof TokensBody>, 'refresh_token'> {
  const cookie = `${cookieName}=${refresh_token}; Max-Age=${rest.refresh_expires_in}; ${attributes}`;
  reply.header('set-cookie', cookie);
  return rest;
}

/** Whether a login wants its refresh token in the cookie. */
export function asksForCookie(rawHeaders: readonly string[]): boolean {
  return findOne(rawHeaders, 'x-pi-csrf') === '1';
}

/** Whether our own page made the request. `publicUrl` is an origin. */
export function isFromOwnPage(rawHeaders: readonly string[], publicUrl: string): boolean {
  if (!asksForCookie(rawHeaders)) return false;
  // Browsers set both and no page can change them. The first is the exact word; older browsers send the second.
  const site = findOne(rawHeaders, 'sec-fetch-site');
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  return findOne(rawHeaders, 'origin') === publicUrl;
}

/** The token in the cookie of a request that our own page made; undefined when there is none, or more than one. */
export function readRefreshCookie(rawHeaders: readonly string[], publicUrl: string): string | undefined {
  if (!isFromOwnPage(rawHeaders, publicUrl)) return undefined;
  const cookies = findAll(rawHeaders, 'cookie').flatMap((line) => line.split(';'));
  const [value, ...more] = cookies
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie.startsWith(`${cookieName}=`))
    .map((cookie) => cookie.slice(cookieName.length + 1));
  return more.length === 0 ? value : undefined;
}

/** The value of a field that stands once; several of them agree on nothing: ''. */
function findOne(rawHeaders: readonly string[], name: string): string | undefined {
  const values = findAll(rawHeaders, name);
  return values.length > 1 ? '' : values[0];
}

function findAll(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]!.toLowerCase() === name);
}
