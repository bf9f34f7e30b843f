// POST /auth/register. Open mode makes the account at once; verified mode answers alike whether the address
// is known or not, and lets the mail tell; closed mode makes none.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import { Type } from 'typebox';
import type { AuthDeps } from '../deps.ts';
import { canonicalEmail } from '../domain/canonical-email.ts';
import { auditOrigin, type Caller } from '../http/caller.ts';
import { encodeRegistered } from '../http/encode-rows.ts';
import { endpoint } from '../http/endpoint.ts';
import { CredentialsBody, RegisteredUser } from '../http/schemas.ts';
import { refuseField } from '../http/validation-errors.ts';
import { rateLimited, type Verdict } from '../limits/login-limits.ts';
import { mailRegistration } from '../mail/mail-registration.ts';
import { isFreeOfLeaks, judgeNewPassword } from '../registration/judge-new-password.ts';
import { recordRefused } from '../registration/record-refused.ts';
import { saveRegistration } from '../registration/save-registration.ts';
import { isEmailTaken } from '../store/users.ts';

type Deps = Pick<
  AuthDeps,
  'config' | 'db' | 'gate' | 'leakedPasswords' | 'limits' | 'mailer' | 'metrics' | 'passwordHash' | 'refusals'
>;
type Account = { readonly email: string; readonly password: string };

export function userRegister(deps: Deps) {
  const { config, db, gate, limits, passwordHash } = deps;
  /** Within the limits; gives the headers that the answer carries. */
  async function admit(account: string, caller: Caller): Promise<Verdict['headers']> {
    gate.checkPlace(caller.network);
    const byNetwork = await limits.admitRegistration(caller.network);
    const byAddress =
      !byNetwork.limited && config.registration === 'verified' ? await limits.admitMail(account) : undefined;
    const verdict = [byNetwork, byAddress].find((one) => one?.limited === true);
    if (verdict === undefined) return byNetwork.headers;
    await recordRefused(deps.refusals, caller, { reason: 'rate_limited', account });
    throw rateLimited(verdict);
  }

  async function refuseTaken(account: string, caller: Caller): Promise<never> {
    await recordRefused(deps.refusals, caller, { reason: 'email_taken', account });
    throw new AppError('email_taken');
  }

  return endpoint(
    {
      summary: 'Register an account',
      body: CredentialsBody,
      answers: {
        201: RegisteredUser,
        202: Type.Object({ status: Type.Literal('verification_sent') }),
      },
      refusals: [403, 409, 429],
    },
    async ({ body, caller }, reply) => {
      if (config.registration === 'closed') {
        await recordRefused(deps.refusals, caller, { reason: 'closed' });
        throw new AppError('registration_closed');
      }
      const account = await readAccount(deps, body);
      const accountKey = limits.accountKey(account.email);
      reply.headers(await admit(accountKey, caller));
      if (!(await isFreeOfLeaks(deps, account.password)))
        throw refuseField('/password', 'is among leaked passwords');
      const hash = () => gate.run(caller.network, () => passwordHash.hash(account.password));
      if (config.registration === 'verified') {
        // The hash is made for a known address too: the time tells nothing.
        const pending = { email: account.email, passwordHash: await hash() };
        await mailRegistration(deps, pending, { ...auditOrigin(caller), account: accountKey });
        return reply.code(202).send({ status: 'verification_sent' });
      }
      if (await isEmailTaken(db, account.email)) return refuseTaken(accountKey, caller);
      const user = await register({ email: account.email, passwordHash: await hash() }, caller);
      if (user === undefined) return refuseTaken(accountKey, caller);
      return reply.code(201).send(encodeRegistered(user));
    },
  );

  function register(account: { readonly email: string; readonly passwordHash: string }, caller: Caller) {
    return db.transaction((tx) => saveRegistration(tx, account, caller));
  }
}

async function readAccount(deps: Deps, body: Account): Promise<Account> {
  const address = canonicalEmail(body.email);
  const email = address.kind === 'canonical' ? address.email : '';
  const password = await judgeNewPassword(deps, body.password, email);
  if (address.kind === 'canonical' && password.kind === 'accepted') {
    return { email, password: password.password };
  }
  const details = password.kind === 'refused' ? password.details : [];
  throw new AppError('validation_failed', {
    errors: [
      ...(address.kind === 'refused' ? [{ pointer: '/email', detail: address.detail }] : []),
      ...details.map((detail) => ({ pointer: '/password', detail })),
    ],
  });
}
