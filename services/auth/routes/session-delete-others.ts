// DELETE /auth/sessions: ends all of the caller's sessions but the current one.

import { Type } from 'typebox';
import type { AuthDeps } from '../deps.ts';
import { auditOrigin } from '../http/caller.ts';
import { signedInEndpoint } from '../http/endpoint.ts';
import { announceRevocations, saveSessionRevocations } from '../http/revoke.ts';
import { insertAuditEventPerSession } from '../store/audit-events.ts';
import { revokeSessionsOfUser } from '../store/sessions.ts';
import { lockUser } from '../store/user-rights.ts';

export function sessionDeleteOthers(deps: Pick<AuthDeps, 'config' | 'db' | 'revocations'>) {
  return signedInEndpoint(
    { summary: 'End all of your sessions but this one', answers: { 204: Type.Null() } },
    async ({ caller, principal: { user, sessionId } }, reply) => {
      const revocations = await deps.db.transaction(async (tx) => {
        await lockUser(tx, user.id);
        const ended = await revokeSessionsOfUser(tx, user.id, 'deleted', sessionId);
        await insertAuditEventPerSession(
          tx,
          {
            ...auditOrigin(caller),
            event: 'session.revoked',
            outcome: 'success',
            actorId: user.id,
            targetId: user.id,
            data: { reason: 'deleted' },
          },
          ended.map(({ id }) => id),
        );
        return saveSessionRevocations(tx, deps, ended);
      });
      await announceRevocations(deps, caller, reply, revocations);
      return reply.code(204).send();
    },
  );
}
