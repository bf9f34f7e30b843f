// POST /auth/register/confirm. The token of the mail makes the account, once (mode `verified`).

import { AppError } from '@pi-gateway/problem/app-error.ts';
import { Type } from 'typebox';
import type { AuthDeps } from '../deps.ts';
import { endpoint } from '../http/endpoint.ts';
import { encodeRegistered, RegisteredUser } from '../http/schemas.ts';
import { refuseField } from '../http/validation-errors.ts';
import { hashMailToken } from '../mail/mail-registration.ts';
import { saveRegistration } from '../registration/save-registration.ts';
import { deletePendingRegistrations, takePendingRegistration } from '../store/pending-registrations.ts';

const ConfirmBody = Type.Object({ token: Type.String() }, { additionalProperties: false });

export function userConfirm({ config, db }: Pick<AuthDeps, 'config' | 'db'>) {
  return endpoint(
    {
      summary: 'Confirm a registration by the token of the mail',
      body: ConfirmBody,
      answers: { 201: RegisteredUser },
      refusals: [403, 409],
    },
    async ({ body, caller }, reply) => {
      if (config.registration === 'closed') throw new AppError('registration_closed');
      const user = await db.transaction(async (tx) => {
        const pending = await takePendingRegistration(tx, hashMailToken(body.token));
        if (pending === undefined) throw refuseField('/token', 'is not valid, was used or has expired');
        await deletePendingRegistrations(tx, pending.email);
        return saveRegistration(tx, pending, caller);
      });
      if (user === undefined) throw new AppError('email_taken');
      return reply.code(201).send(encodeRegistered(user));
    },
  );
}
