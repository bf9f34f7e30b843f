// POST /internal/access-denials: the gateway has refused somebody for his role. It says whose request it was as with
// every request it forwards, so the event is the one that auth's own refusal writes.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import { isUuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { Type } from 'typebox';
import type { AuthDeps } from '../deps.ts';
import { saveDenial } from '../http/check-admin.ts';
import { endpoint } from '../http/endpoint.ts';
import { Id, Role } from '../http/schemas.ts';

const DenialBody = Type.Object(
  { user_id: Id, session_id: Id, role: Role, method: Type.String(), route: Type.String() },
  { additionalProperties: false },
);

export function accessDenialCreate({ db }: Pick<AuthDeps, 'db'>) {
  return endpoint(
    { summary: 'Record a refusal of the gateway', body: DenialBody, answers: { 204: Type.Null() } },
    async ({ body, caller }, reply) => {
      const { user_id: userId, session_id: sessionId, ...data } = body;
      if (!isUuidV7(userId) || !isUuidV7(sessionId)) throw new AppError('validation_failed');
      await saveDenial(db, caller, { userId, sessionId, data });
      return reply.code(204).send();
    },
  );
}
