// PATCH /admin/users/{id}: role and disabled. The change, its events, the end of sessions and the revocation
// commit together. `disabled: false` also lifts the lock of too many failed logins.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { Revocation } from '@pi-gateway/revocation/revocation.ts';
import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { Type } from 'typebox';
import type { AuditEvent } from '../audit/audit-event.ts';
import type { Queryable } from '../db/database.ts';
import type { AuthDeps } from '../deps.ts';
import { decideUserChange, type UserChange } from '../domain/decide-user-change.ts';
import { auditOrigin } from '../http/caller.ts';
import { signedInEndpoint } from '../http/endpoint.ts';
import { announceRevocations, saveUserRevocation } from '../http/revoke.ts';
import { encodeUser, IdParams, Role, UserBody } from '../http/schemas.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import { listRevocationsOf } from '../store/revocations.ts';
import { revokeSessionsOfUser } from '../store/sessions.ts';
import { countOtherLivingAdmins, lockAdmins, lockUser, saveUserRights, type User } from '../store/users.ts';

type Deps = Pick<AuthDeps, 'config' | 'db' | 'limits' | 'revocations'>;
type Changed = { readonly user: User; readonly revocations: readonly Revocation[] };
type Actor = Omit<AuditEvent, 'event' | 'outcome' | 'data'>;

const UserChangeBody = Type.Object(
  { role: Type.Optional(Role), disabled: Type.Optional(Type.Boolean()) },
  { additionalProperties: false, minProperties: 1 },
);

export function userUpdate(deps: Deps) {
  async function save(
    tx: Queryable,
    user: User,
    change: UserChange & { kind: 'change' },
    actor: Actor,
  ): Promise<Changed> {
    const { role, disabled } = change;
    const saved = await saveUserRights(tx, user.id, {
      role: role?.to ?? user.role,
      isDisabled: disabled === undefined ? user.isDisabled : disabled === 'disabled',
    });
    if (role !== undefined) {
      await insertAuditEvent(tx, { ...actor, event: 'user.role_changed', outcome: 'success', data: role });
    }
    if (disabled !== undefined) {
      const ended = disabled === 'disabled' ? await revokeSessionsOfUser(tx, user.id, 'disabled') : [];
      const data = { sessions_ended: ended.length };
      await insertAuditEvent(tx, { ...actor, event: `user.${disabled}`, outcome: 'success', data });
    }
    const revocations = await saveUserRevocation(tx, deps, user.id, saved.notBefore);
    return { user: saved.user, revocations };
  }

  return signedInEndpoint(
    {
      summary: 'Change the role of an account, disable or enable it',
      params: IdParams,
      body: UserChangeBody,
      answers: { 200: UserBody },
      refusals: [404, 409],
    },
    async ({ params: { id }, body, caller, principal }, reply) => {
      if (!isUuidV7(id)) throw new AppError('not_found');
      const actor: Actor = {
        ...auditOrigin(caller),
        actorId: principal.user.id,
        targetId: id,
        sessionId: principal.sessionId,
      };
      const { user, revocations } = await deps.db.transaction(async (tx): Promise<Changed> => {
        await lockAdmins(tx);
        const user = await lockUser(tx, id);
        if (user === undefined) throw new AppError('not_found');
        const decision = decideUserChange(user, body, await countOtherLivingAdmins(tx, id));
        switch (decision.kind) {
          case 'none':
            // Told again: whoever made the change may have died before he told of it.
            return { user, revocations: await listRevocationsOf(tx, 'user', id) };
          case 'last_admin':
            throw new AppError('last_admin');
          case 'change':
            return save(tx, user, decision, actor);
          default:
            return decision satisfies never;
        }
      });
      if (body.disabled === false) {
        await deps.limits.forgiveFailures(deps.limits.accountKey(user.email));
      }
      await announceRevocations(deps, caller, reply, revocations);
      return encodeUser(user);
    },
  );
}
