// POST /oauth/revoke (RFC 7009): a service ends the session of a token, of either kind, and with it everything
// issued in it. A token that is none of ours, or dead already, is a 200: the caller wanted it dead.

import { verifyAccessToken } from '@pi-gateway/access-token/verify.ts';
import { Type } from 'typebox';
import type { AuthDeps } from '../deps.ts';
import { isTokenCurrent } from '../domain/is-token-current.ts';
import { endSession } from '../http/end-session.ts';
import { serviceEndpoint } from '../http/endpoint.ts';
import { findRefreshSession } from '../http/find-token-session.ts';
import { announceRevocations } from '../http/revoke.ts';
import { TokenForm } from '../http/schemas.ts';
import { findPrincipal } from '../store/principals.ts';

type Deps = Pick<AuthDeps, 'config' | 'db' | 'keyRing' | 'revocations' | 'secrets'>;

export function tokenRevoke(deps: Deps) {
  const { config, db } = deps;

  async function findAccessSession(text: string): Promise<string | undefined> {
    const verification = verifyAccessToken(text, {
      keys: deps.keyRing.verificationKeys(),
      issuer: config.publicUrl,
      audience: config.publicUrl,
      clockSkewSeconds: config.clockSkewSeconds,
      nowSeconds: Date.now() / 1000,
    });
    if (verification.kind !== 'valid') return undefined;
    const { claims } = verification;
    const account = await findPrincipal(db, claims.sub, claims.sid);
    return account !== undefined && isTokenCurrent(claims, account) ? claims.sid : undefined;
  }

  return serviceEndpoint(
    {
      summary: 'End the session of a token (RFC 7009)',
      form: TokenForm,
      answers: { 200: Type.Null() },
    },
    async ({ form: { token }, caller, client }, reply) => {
      const sessionId = (await findRefreshSession(deps, token)) ?? (await findAccessSession(token));
      if (sessionId !== undefined) {
        const end = { reason: 'client', event: 'session.revoked', isByUser: false } as const;
        const data = { reason: 'client', client };
        const revocations = await endSession(deps, sessionId, caller, { ...end, data });
        await announceRevocations(deps, caller, reply, revocations);
      }
      return reply.code(200).send();
    },
  );
}
