// PATCH /admin/users/{id}: role and disabled. The change, its events, the end of sessions and the revocation
// commit together. `disabled: false` also lifts the lock of too many failed logins, of an account that
// was enabled too: it is lifted after the commit, so that an event always tells of it.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { Type } from 'typebox';
import type { AuthDeps } from '../deps.ts';
import { refuseRevoked } from '../http/authenticate.ts';
import { auditOrigin } from '../http/caller.ts';
import { encodeUser } from '../http/encode-rows.ts';
import { signedInEndpoint } from '../http/endpoint.ts';
import { announceRevocations } from '../http/revoke.ts';
import { IdParams, Role, UserBody } from '../http/schemas.ts';
import { saveUserChange } from '../rights/save-user-change.ts';

type Deps = Pick<AuthDeps, 'config' | 'db' | 'limits' | 'revocations'>;

const UserChangeBody = Type.Object(
  { role: Type.Optional(Role), disabled: Type.Optional(Type.Boolean()) },
  { additionalProperties: false, minProperties: 1 },
);

export function userUpdate(deps: Deps) {
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
      const origin = {
        ...auditOrigin(caller),
        actorId: principal.user.id,
        sessionId: principal.sessionId,
        data: {},
      };
      const change = await deps.db.transaction((tx) =>
        saveUserChange(tx, { config: deps.config, unlocks: true }, id, body, origin),
      );
      switch (change.kind) {
        case 'unknown_user':
          throw new AppError('not_found');
        case 'last_admin':
          throw new AppError('last_admin');
        case 'actor_lost_rights':
          throw refuseRevoked({ sub: principal.user.id, sid: principal.sessionId });
        case 'saved':
          if (body.disabled === false) {
            await deps.limits.forgiveFailures(deps.limits.accountKey(change.user.email));
          }
          await announceRevocations(deps, caller, reply, change.revocations);
          return encodeUser(change.user);
        default:
          return change satisfies never;
      }
    },
  );
}
