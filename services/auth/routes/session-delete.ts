// DELETE /auth/sessions/{id}: ends one of the caller's own sessions, the current one too.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { Type } from 'typebox';
import type { AuthDeps } from '../deps.ts';
import { auditOrigin } from '../http/caller.ts';
import { signedInEndpoint } from '../http/endpoint.ts';
import { recordDenied } from '../http/record-refusal.ts';
import { announceRevocations, saveSessionRevocations } from '../http/revoke.ts';
import { IdParams } from '../http/schemas.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import { revokeLivingSession } from '../store/sessions.ts';

export function sessionDelete(deps: Pick<AuthDeps, 'config' | 'db' | 'refusals' | 'revocations'>) {
  return signedInEndpoint(
    {
      summary: 'End one of your sessions',
      params: IdParams,
      answers: { 204: Type.Null() },
      refusals: [404],
    },
    async ({ params, caller, principal }, reply) => {
      const { user } = principal;
      if (!isUuidV7(params.id)) throw new AppError('not_found');
      const revocations = await deps.db.transaction(async (tx) => {
        const ended = await revokeLivingSession(tx, params.id, user.id);
        if (ended === undefined) return undefined;
        await insertAuditEvent(tx, {
          ...auditOrigin(caller),
          event: 'session.revoked',
          outcome: 'success',
          actorId: user.id,
          targetId: user.id,
          sessionId: ended.id,
          data: { reason: 'deleted' },
        });
        return saveSessionRevocations(tx, deps, [ended]);
      });
      if (revocations === undefined) {
        // Another's, perhaps.
        await recordDenied(deps.refusals, caller, principal, { reason: 'no_such_session' });
        throw new AppError('not_found');
      }
      await announceRevocations(deps, caller, reply, revocations);
      return reply.code(204).send();
    },
  );
}
