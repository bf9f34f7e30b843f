// POST /auth/password: a new password, for who knows the present one. A wrong present password counts as a
// failed login of the account, so that a stolen access token is no way around the limits on guessing. All
// other sessions end, and every access token issued before dies; this session stays and a refresh brings it
// a new token.

import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { Revocation } from '@pi-gateway/revocation/revocation.ts';
import { Type } from 'typebox';
import type { AuditOutcome } from '../audit/audit-event.ts';
import type { TypedPassword } from '../crypto/password-hash.ts';
import type { AuthDeps } from '../deps.ts';
import { normalizePassword } from '../domain/decide-password.ts';
import { type Principal, refuseRevoked } from '../http/authenticate.ts';
import { auditOrigin, type Caller } from '../http/caller.ts';
import { signedInEndpoint } from '../http/endpoint.ts';
import { announceRevocations, saveUserRevocation } from '../http/revoke.ts';
import { refuseField } from '../http/validation-errors.ts';
import { type LoginAttempt, rateLimited, type Verdict } from '../limits/login-limits.ts';
import { isFreeOfLeaks, judgeNewPassword } from '../registration/judge-new-password.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import { findCredentials, lockVerifiedUser, savePassword } from '../store/credentials.ts';
import { isKnownNetwork } from '../store/known-networks.ts';
import { findPrincipal } from '../store/principals.ts';
import { revokeSessionsOfUser } from '../store/sessions.ts';

type Verified =
  | { readonly kind: 'right'; readonly presentHash: string; readonly newHash: string }
  | { readonly kind: 'wrong'; readonly verdict: Verdict }
  | { readonly kind: 'limited'; readonly verdict: Verdict };

type Saved =
  | { readonly kind: 'saved'; readonly revocations: readonly Revocation[] }
  /** The password became another, or the account was disabled, since it was verified. */
  | { readonly kind: 'changed_meanwhile' };

const PasswordChangeBody = Type.Object(
  { current_password: Type.String(), new_password: Type.String() },
  { additionalProperties: false },
);

export function passwordChange(deps: AuthDeps) {
  const { db, gate, limits, passwordHash, refusals } = deps;

  /** As a login: one verification behind the gate, and a failure is counted before the permit passes on. */
  function verify(
    login: LoginAttempt,
    email: string,
    present: TypedPassword,
    next: string,
  ): Promise<Verified> {
    return gate.run(login.network, async () => {
      const verdict = await limits.recheckLogin(login);
      if (verdict.limited) return { kind: 'limited', verdict };
      const { credentials, passwordClasses } = await findCredentials(db, email);
      const isRight = await passwordHash.verify(credentials, passwordClasses, present);
      if (credentials === undefined || !isRight) {
        return { kind: 'wrong', verdict: await limits.countFailure(login) };
      }
      return {
        kind: 'right',
        presentHash: credentials.passwordHash,
        newHash: await passwordHash.hash(next),
      };
    });
  }

  /** The password, the end of what it protected before, and the event, at once. */
  function save(verified: Verified & { kind: 'right' }, principal: Principal, caller: Caller) {
    const { user, sessionId } = principal;
    return db.transaction(async (tx): Promise<Saved> => {
      const locked = await lockVerifiedUser(tx, user.id, verified.presentHash);
      if (locked === undefined) return { kind: 'changed_meanwhile' };
      // A logout that came first has the last word.
      const now = await findPrincipal(tx, user.id, sessionId);
      if (now?.isSessionLiving !== true) throw refuseRevoked({ sub: user.id, sid: sessionId });
      const notBefore = await savePassword(tx, user.id, verified.newHash);
      const ended = await revokeSessionsOfUser(tx, user.id, 'password_changed', sessionId);
      const data = { sessions_ended: ended.length };
      await insertAuditEvent(tx, { ...event(principal, caller, 'success'), data });
      return { kind: 'saved', revocations: await saveUserRevocation(tx, deps, user.id, notBefore) };
    });
  }

  async function recordLimited(account: string, principal: Principal, caller: Caller): Promise<void> {
    const data = { reason: 'rate_limited' };
    const limited = { ...event(principal, caller, 'denied'), data };
    await refusals.write({ event: limited, network: caller.network, key: account });
  }

  async function refuseWrong(verdict: Verdict, principal: Principal, caller: Caller): Promise<never> {
    const data = { reason: 'wrong_password' };
    const wrong = { ...event(principal, caller, 'failure'), data };
    await refusals.write({ event: wrong, network: caller.network, key: undefined });
    throw new AppError('invalid_credentials', {
      detail: 'The current password is wrong.',
      headers: verdict.headers,
    });
  }

  return signedInEndpoint(
    {
      summary: 'Change your password; ends all of your other sessions',
      body: PasswordChangeBody,
      answers: { 204: Type.Null() },
      refusals: [429],
    },
    async ({ body, caller, principal }, reply) => {
      const { email } = principal.user;
      const normal = normalizePassword(body.current_password);
      if (normal === undefined) throw refuseField('/current_password', 'is too long');
      const present = { typed: body.current_password, normal };
      const next = await judgeNewPassword(deps, body.new_password, email);
      if (next.kind === 'refused') throw refuseField('/new_password', ...next.details);
      gate.checkPlace(caller.network);
      const account = limits.accountKey(email);
      const login: LoginAttempt = {
        account,
        network: caller.network,
        isKnownNetwork: () => isKnownNetwork(db, email, caller.network),
      };
      const admitted = await limits.admitLogin(login);
      const verified: Verified = admitted.limited
        ? { kind: 'limited', verdict: admitted }
        : await verify(login, email, present, next.password);
      switch (verified.kind) {
        case 'limited':
          await recordLimited(account, principal, caller);
          throw rateLimited(verified.verdict);
        case 'wrong':
          return refuseWrong(verified.verdict, principal, caller);
        case 'right': {
          if (!(await isFreeOfLeaks(deps, next.password))) {
            throw refuseField('/new_password', 'is among leaked passwords');
          }
          const saved = await save(verified, principal, caller);
          // It is not the present password any more, unless a parallel login made its outdated hash anew:
          // then it is right at the next try.
          if (saved.kind === 'changed_meanwhile') {
            return refuseWrong(await limits.countFailure(login), principal, caller);
          }
          reply.headers((await limits.countSuccess(login)).headers);
          await announceRevocations(deps, caller, reply, saved.revocations);
          return reply.code(204).send();
        }
        default:
          return verified satisfies never;
      }
    },
  );
}

function event({ user, sessionId }: Principal, caller: Caller, outcome: AuditOutcome) {
  return {
    ...auditOrigin(caller),
    event: 'user.password_changed' as const,
    outcome,
    actorId: user.id,
    targetId: user.id,
    sessionId,
  };
}
