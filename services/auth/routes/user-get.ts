// GET /admin/users/{id}.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import type { AuthDeps } from '../deps.ts';
import { encodeUser } from '../http/encode-rows.ts';
import { signedInEndpoint } from '../http/endpoint.ts';
import { recordRead } from '../http/record-read.ts';
import { IdParams, UserBody } from '../http/schemas.ts';
import { findUser } from '../store/users.ts';

export function userGet({ db }: Pick<AuthDeps, 'db'>) {
  return signedInEndpoint(
    { summary: 'One account', params: IdParams, answers: { 200: UserBody }, refusals: [404] },
    async ({ params: { id }, caller, principal }) => {
      if (!isUuidV7(id)) throw new AppError('not_found');
      const user = await findUser(db, id);
      const outcome = user === undefined ? 'failure' : 'success';
      await recordRead(db, caller, principal, { event: 'user.read', targetId: id, outcome });
      if (user === undefined) throw new AppError('not_found');
      return encodeUser(user);
    },
  );
}
