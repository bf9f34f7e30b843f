// DELETE /admin/users/{id}/sessions: ends all sessions of an account, their access tokens with them.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { Type } from 'typebox';
import type { AuthDeps } from '../deps.ts';
import { auditOrigin } from '../http/caller.ts';
import { signedInEndpoint } from '../http/endpoint.ts';
import { announceRevocations, saveUserRevocation } from '../http/revoke.ts';
import { IdParams } from '../http/schemas.ts';
import { insertAuditEvent, insertAuditEventPerSession } from '../store/audit-events.ts';
import { listRevocationsOf } from '../store/revocations.ts';
import { revokeSessionsOfUser } from '../store/sessions.ts';
import { lockUser, saveUserRights } from '../store/user-rights.ts';

export function userSessionsDelete(deps: Pick<AuthDeps, 'config' | 'db' | 'revocations'>) {
  return signedInEndpoint(
    {
      summary: 'End all sessions of an account',
      params: IdParams,
      answers: { 204: Type.Null() },
      refusals: [404],
    },
    async ({ params: { id }, caller, principal }, reply) => {
      if (!isUuidV7(id)) throw new AppError('not_found');
      const event = {
        ...auditOrigin(caller),
        actorId: principal.user.id,
        targetId: id,
        sessionId: principal.sessionId,
      };
      const revocations = await deps.db.transaction(async (tx) => {
        const user = await lockUser(tx, id);
        if (user === undefined) {
          const data = { reason: 'not_found', wanted: { sessions: 'ended' } };
          await insertAuditEvent(tx, { ...event, event: 'user.change_refused', outcome: 'failure', data });
          return undefined;
        }
        const ended = await revokeSessionsOfUser(tx, id, 'deleted_by_admin');
        if (ended.length === 0) return listRevocationsOf(tx, 'user', id);
        // One revocation for the whole user instead of one a session: the rights stay as they are.
        const { notBefore } = await saveUserRights(tx, id, user);
        await insertAuditEventPerSession(
          tx,
          { ...event, event: 'session.revoked', outcome: 'success', data: { reason: 'deleted_by_admin' } },
          ended.map((session) => session.id),
        );
        return saveUserRevocation(tx, deps, id, notBefore);
      });
      if (revocations === undefined) throw new AppError('not_found');
      await announceRevocations(deps, caller, reply, revocations);
      return reply.code(204).send();
    },
  );
}
