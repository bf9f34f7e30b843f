// POST /auth/logout, with the refresh token in the body or the cookie, or with a bearer token alone. The refresh
// token decides when there are both. Logging out twice, or with any string for a token, is a 204: the caller
// wanted it dead.

import { Type } from 'typebox';
import type { AuthDeps } from '../deps.ts';
import { isTokenCurrent } from '../domain/is-token-current.ts';
import { readClaims, refuseRevoked } from '../http/authenticate.ts';
import { endSession } from '../http/end-session.ts';
import { endpoint } from '../http/endpoint.ts';
import { findRefreshSession } from '../http/find-token-session.ts';
import { clearedRefreshCookie, readRefreshCookie } from '../http/refresh-cookie.ts';
import { announceRevocations } from '../http/revoke.ts';
import { findPrincipal } from '../store/principals.ts';

type Deps = Pick<AuthDeps, 'config' | 'db' | 'keyRing' | 'revocations' | 'secrets'>;

const LogoutBody = Type.Object(
  { refresh_token: Type.Optional(Type.String()) },
  { additionalProperties: false },
);

// Here a token is given to be ended, not to get in: no error in the challenge.
const challenge = { 'www-authenticate': 'Bearer' };
const byUser = { reason: 'logout', event: 'logout', isByUser: true, data: {} } as const;

export function sessionLogout(deps: Deps) {
  const { config, db } = deps;
  const mayUseCookie = config.refreshCookie === 'on';

  /** The session of an access token, ended already or not. */
  async function sessionOfBearer(rawHeaders: readonly string[]): Promise<string> {
    const claims = readClaims(deps, rawHeaders, challenge);
    const principal = await findPrincipal(db, claims.sub, claims.sid);
    const isOurs = principal !== undefined;
    if (!isOurs || (principal.isSessionLiving && !isTokenCurrent(claims, principal))) {
      throw refuseRevoked(claims, challenge);
    }
    return claims.sid;
  }

  return endpoint(
    {
      summary: 'End the session of a refresh token, or else of the bearer token',
      body: LogoutBody,
      isBodyOptional: true,
      answers: { 204: Type.Null() },
      refusals: [401],
    },
    async ({ body, caller, rawHeaders }, reply) => {
      const cookie = mayUseCookie ? readRefreshCookie(rawHeaders, config.publicUrl) : undefined;
      const refreshToken = body?.refresh_token ?? cookie;
      const sessionId =
        refreshToken === undefined
          ? await sessionOfBearer(rawHeaders)
          : await findRefreshSession(deps, refreshToken);
      if (sessionId !== undefined) {
        await announceRevocations(deps, caller, reply, await endSession(deps, sessionId, caller, byUser));
      }
      if (cookie !== undefined && body?.refresh_token === undefined) {
        reply.header('set-cookie', clearedRefreshCookie);
      }
      return reply.code(204).send();
    },
  );
}
