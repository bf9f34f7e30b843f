// POST /auth/logout, with the refresh token in the body or with a bearer token alone. The refresh token decides
// when there are both. Logging out twice, or with any string for a token, is a 204: the caller wanted it dead.

import { timingSafeEqual } from 'node:crypto';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import { Type } from 'typebox';
import { hashNonce, readRefreshToken } from '../crypto/refresh-token.ts';
import type { AuthDeps } from '../deps.ts';
import { isTokenCurrent } from '../domain/is-token-current.ts';
import { readClaims } from '../http/authenticate.ts';
import { auditOrigin, type Caller } from '../http/caller.ts';
import { endpoint } from '../http/endpoint.ts';
import { announceRevocations, saveSessionRevocations } from '../http/revoke.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import { lockSession, revokeSession } from '../store/sessions.ts';
import { findPrincipal } from '../store/users.ts';

type Deps = Pick<AuthDeps, 'config' | 'db' | 'keyRing' | 'revocations' | 'secrets'>;

const LogoutBody = Type.Object(
  { refresh_token: Type.Optional(Type.String()) },
  { additionalProperties: false },
);

// Here a token is given to be ended, not to get in: no error in the challenge.
const challenge = { 'www-authenticate': 'Bearer' };

export function sessionLogout(deps: Deps) {
  const { db, secrets } = deps;

  /** The session of a refresh token of any generation: each proves that its holder once had the session. */
  async function sessionOfRefreshToken(text: string): Promise<string | undefined> {
    const token = readRefreshToken(text, secrets.refreshMac);
    if (token === undefined) return undefined;
    const row = await db.transaction((tx) => lockSession(tx, token.sessionId));
    const isOurs = row !== undefined && timingSafeEqual(hashNonce(token.nonce), row.nonceHash);
    return isOurs ? token.sessionId : undefined;
  }

  /** The session of an access token; undefined when that session has been logged out already. */
  async function sessionOfBearer(rawHeaders: readonly string[]): Promise<string | undefined> {
    const claims = readClaims(deps, rawHeaders, challenge);
    const principal = await findPrincipal(db, claims.sub, claims.sid);
    if (principal === undefined) throw new AppError('invalid_token', { headers: challenge });
    if (!principal.isSessionLiving) return undefined;
    if (!isTokenCurrent(claims, principal)) throw new AppError('invalid_token', { headers: challenge });
    return claims.sid;
  }

  function endSession(sessionId: string, caller: Caller) {
    return db.transaction(async (tx) => {
      const ended = await revokeSession(tx, sessionId, 'logout');
      if (ended === undefined) return [];
      await insertAuditEvent(tx, {
        ...auditOrigin(caller),
        event: 'logout',
        outcome: 'success',
        actorId: ended.userId,
        targetId: ended.userId,
        sessionId,
        data: {},
      });
      return saveSessionRevocations(tx, deps, [ended]);
    });
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
      const refreshToken = body?.refresh_token;
      const sessionId =
        refreshToken === undefined
          ? await sessionOfBearer(rawHeaders)
          : await sessionOfRefreshToken(refreshToken);
      if (sessionId !== undefined) {
        await announceRevocations(deps, caller, reply, await endSession(sessionId, caller));
      }
      return reply.code(204).send();
    },
  );
}
