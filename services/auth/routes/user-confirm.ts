// POST /auth/register/confirm. The token of the mail makes the account, once (mode `verified`), for who also knows
// the password of that registration: a stranger who registered somebody's address cannot have its owner, who only
// reads the mail, make an account that the stranger can sign in to.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import { Type } from 'typebox';
import { classOf } from '../crypto/foreign/stored-hash.ts';
import type { AuthDeps } from '../deps.ts';
import { normalizePassword } from '../domain/decide-password.ts';
import type { Caller } from '../http/caller.ts';
import { encodeRegistered } from '../http/encode-rows.ts';
import { endpoint } from '../http/endpoint.ts';
import { RegisteredUser } from '../http/schemas.ts';
import { refuseField } from '../http/validation-errors.ts';
import { hashMailToken } from '../mail/mail-registration.ts';
import { recordRefused } from '../registration/record-refused.ts';
import { saveRegistration } from '../registration/save-registration.ts';
import { findPendingRegistration, takePendingRegistration } from '../store/pending-registrations.ts';

const ConfirmBody = Type.Object(
  { token: Type.String(), password: Type.String() },
  { additionalProperties: false },
);

export function userConfirm(
  deps: Pick<AuthDeps, 'config' | 'db' | 'gate' | 'limits' | 'passwordHash' | 'refusals'>,
) {
  const { config, db, gate, limits, passwordHash, refusals } = deps;

  function isItsPassword(storedHash: string, typed: string, network: string): Promise<boolean> {
    const normal = normalizePassword(typed);
    if (normal === undefined) throw refuseField('/password', 'is too long');
    const passwordClass = classOf(storedHash);
    const known = { passwordHash: storedHash, passwordClass };
    return gate.run(network, () => passwordHash.verify(known, [passwordClass], { typed, normal }));
  }

  async function refuseToken(caller: Caller): Promise<never> {
    await recordRefused(refusals, caller, { reason: 'unknown_token' });
    throw refuseField('/token', 'is not valid, was used or has expired');
  }

  return endpoint(
    {
      summary: 'Confirm a registration by the token of the mail and its password',
      body: ConfirmBody,
      answers: { 201: RegisteredUser },
      refusals: [403, 409],
    },
    async ({ body, caller }, reply) => {
      if (config.registration === 'closed') {
        await recordRefused(refusals, caller, { reason: 'closed' });
        throw new AppError('registration_closed');
      }
      const tokenHash = hashMailToken(body.token);
      const pending = await findPendingRegistration(db, tokenHash);
      if (pending === undefined) return refuseToken(caller);
      const account = limits.accountKey(pending.email);
      if (!(await isItsPassword(pending.passwordHash, body.password, caller.network))) {
        await recordRefused(refusals, caller, { reason: 'wrong_password', account });
        throw refuseField('/password', 'is not the one of this registration');
      }
      const user = await db.transaction(async (tx) => {
        const taken = await takePendingRegistration(tx, tokenHash);
        return taken === undefined ? 'used_meanwhile' : saveRegistration(tx, taken, caller);
      });
      if (user === 'used_meanwhile') return refuseToken(caller);
      if (user === undefined) {
        await recordRefused(refusals, caller, { reason: 'email_taken', account });
        throw new AppError('email_taken');
      }
      return reply.code(201).send(encodeRegistered(user));
    },
  );
}
