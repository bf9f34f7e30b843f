// POST /auth/register/confirm. The token of the mail makes the account, once (mode `verified`), for who also knows
// the password of that registration: a stranger who registered somebody's address cannot have its owner, who only
// reads the mail, make an account that the stranger can sign in to.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import { Type } from 'typebox';
import { classOf } from '../crypto/foreign/stored-hash.ts';
import type { AuthDeps } from '../deps.ts';
import { normalizePassword } from '../domain/decide-password.ts';
import { encodeRegistered } from '../http/encode-rows.ts';
import { endpoint } from '../http/endpoint.ts';
import { RegisteredUser } from '../http/schemas.ts';
import { refuseField } from '../http/validation-errors.ts';
import { hashMailToken } from '../mail/mail-registration.ts';
import { saveRegistration } from '../registration/save-registration.ts';
import { findPendingRegistration, takePendingRegistration } from '../store/pending-registrations.ts';

const ConfirmBody = Type.Object(
  { token: Type.String(), password: Type.String() },
  { additionalProperties: false },
);

export function userConfirm(deps: Pick<AuthDeps, 'config' | 'db' | 'gate' | 'passwordHash'>) {
  const { config, db, gate, passwordHash } = deps;

  function isItsPassword(storedHash: string, typed: string, network: string): Promise<boolean> {
    const normal = normalizePassword(typed);
    if (normal === undefined) throw refuseField('/password', 'is too long');
    const passwordClass = classOf(storedHash);
    const known = { passwordHash: storedHash, passwordClass };
    return gate.run(network, () => passwordHash.verify(known, [passwordClass], { typed, normal }));
  }

  return endpoint(
    {
      summary: 'Confirm a registration by the token of the mail and its password',
      body: ConfirmBody,
      answers: { 201: RegisteredUser },
      refusals: [403, 409],
    },
    async ({ body, caller }, reply) => {
      if (config.registration === 'closed') throw new AppError('registration_closed');
      const tokenHash = hashMailToken(body.token);
      const pending = await findPendingRegistration(db, tokenHash);
      if (pending === undefined) throw refuseToken();
      if (!(await isItsPassword(pending.passwordHash, body.password, caller.network))) {
        throw refuseField('/password', 'is not the one of this registration');
      }
      const user = await db.transaction(async (tx) => {
        const taken = await takePendingRegistration(tx, tokenHash);
        if (taken === undefined) throw refuseToken(); // used since it was found
        return saveRegistration(tx, taken, caller);
      });
      if (user === undefined) throw new AppError('email_taken');
      return reply.code(201).send(encodeRegistered(user));
    },
  );
}

function refuseToken(): AppError {
  return refuseField('/token', 'is not valid, was used or has expired');
}
