// POST /auth/login. The answer, its headers and its time are the same for an unknown address, a wrong password
// and a disabled account; every attempt that is admitted does the same work (crypto/password-hash.ts).

import { AppError } from '@pi-gateway/problem/app-error.ts';
import { issueTokens } from '../crypto/issue-tokens.ts';
import type { TypedPassword } from '../crypto/password-hash.ts';
import { hashNonce, newNonce } from '../crypto/refresh-token.ts';
import type { AuthDeps } from '../deps.ts';
import { canonicalEmail } from '../domain/canonical-email.ts';
import { normalizePassword } from '../domain/decide-password.ts';
import { auditOrigin, type Caller } from '../http/caller.ts';
import { endpoint } from '../http/endpoint.ts';
import { answerWithCookie, asksForCookie, isFromOwnPage } from '../http/refresh-cookie.ts';
import { announceRevocations, saveSessionRevocations } from '../http/revoke.ts';
import { CredentialsBody, TokensBody, TokensOrCookieBody } from '../http/schemas.ts';
import { refuseField } from '../http/validation-errors.ts';
import { type LoginAttempt, rateLimited, type Verdict } from '../limits/login-limits.ts';
import { insertAuditEventPerSession } from '../store/audit-events.ts';
import { type Credentials, findCredentials, type LoginRow } from '../store/credentials.ts';
import { isKnownNetwork } from '../store/known-networks.ts';
import { saveLogin } from '../store/logins.ts';
import { revokeOldestSessions } from '../store/sessions.ts';

type Right = {
  readonly kind: 'right';
  readonly credentials: Credentials;
  /** Made when the old one is outdated. */
  readonly newHash: string | undefined;
};
type Wrong = { readonly kind: 'wrong'; readonly credentials: Credentials | undefined };
type Judged = Right | Wrong;
type Outcome =
  | Right
  | (Wrong & { readonly verdict: Verdict })
  | { readonly kind: 'limited'; readonly verdict: Verdict };

export function sessionCreate(deps: AuthDeps) {
  const { config, db, gate, limits, passwordHash, refusals, metrics } = deps;

  async function judge(read: Promise<LoginRow>, password: TypedPassword): Promise<Judged> {
    const { credentials, passwordClasses } = await read;
    const usable = credentials?.isDisabled === false ? credentials : undefined;
    const isRight = await passwordHash.verify(usable, passwordClasses, password);
    if (!isRight || usable === undefined) return { kind: 'wrong', credentials };
    const isOutdated = passwordHash.isOutdated(usable.passwordClass);
    const newHash = isOutdated ? await passwordHash.hash(password.normal) : undefined;
    return { kind: 'right', credentials: usable, newHash };
  }

  /**
   * The account is read while the turn to hash is waited for, so that no permit waits for the database; what changes
   * meanwhile is found when the session is saved. Nobody reads who has no place to wait.
   */
  function readAhead(login: LoginAttempt, email: string): Promise<LoginRow> {
    gate.checkPlace(login.network);
    const read = findCredentials(db, email);
    read.catch(() => undefined); // it is told where it is waited for
    return read;
  }

  /** Behind the gate. A failure is counted before the permit passes on, so that parallel tries see it. */
  async function verify(login: LoginAttempt, email: string, password: TypedPassword): Promise<Outcome> {
    const read = readAhead(login, email);
    return gate.run(login.network, async () => {
      const verdict = await limits.recheckLogin(login);
      if (verdict.limited) return { kind: 'limited', verdict };
      const judged = await judge(read, password);
      return judged.kind === 'right' ? judged : { ...judged, verdict: await limits.countFailure(login) };
    });
  }

  async function recordLimited(account: string, caller: Caller): Promise<void> {
    metrics.countLogin('rate_limited');
    await refusals.write({
      event: {
        ...auditOrigin(caller),
        event: 'login.rate_limited',
        outcome: 'denied',
        actorId: null,
        targetId: null,
        sessionId: null,
        data: {},
        personal: { account },
      },
      network: caller.network,
      key: account,
    });
  }

  async function recordFailed(account: string, credentials: Credentials | undefined, caller: Caller) {
    metrics.countLogin('failed');
    const reason = credentials?.isDisabled === true ? 'disabled' : 'wrong_password';
    await refusals.write({
      event: {
        ...auditOrigin(caller),
        event: 'login.failed',
        outcome: 'failure',
        actorId: null,
        targetId: credentials?.id ?? null,
        sessionId: null,
        data: { reason: credentials === undefined ? 'unknown_address' : reason },
        personal: { account },
      },
      network: caller.network,
      key: undefined,
    });
  }

  /** Undefined when the account changed meanwhile. */
  async function saveSession({ credentials, newHash }: Right, caller: Caller) {
    const nonce = newNonce();
    const origin = auditOrigin(caller);
    const login = {
      userId: credentials.id,
      verifiedHash: credentials.passwordHash,
      newHash,
      nonceHash: hashNonce(nonce),
      idleTtlSeconds: config.refreshIdleTtlSeconds,
      maxTtlSeconds: config.sessionMaxTtlSeconds,
      network: caller.network,
      origin,
    };
    if (config.sessionsPerUserMax === 0) {
      const saved = await saveLogin(db, login);
      return saved && { ...saved, nonce, revocations: [] };
    }
    return db.transaction(async (tx) => {
      const saved = await saveLogin(tx, login);
      if (saved === undefined) return undefined;
      const { id } = saved.user;
      const ended = await revokeOldestSessions(tx, id, config.sessionsPerUserMax);
      const event = { event: 'session.revoked', outcome: 'success', data: { reason: 'too_many' } } as const;
      await insertAuditEventPerSession(
        tx,
        { ...origin, ...event, actorId: id, targetId: id },
        ended.map((session) => session.id),
      );
      return { ...saved, nonce, revocations: await saveSessionRevocations(tx, deps, ended) };
    });
  }

  async function verifyAgain(login: LoginAttempt, email: string, password: TypedPassword, caller: Caller) {
    const read = readAhead(login, email);
    const outcome = await gate.run(login.network, () => judge(read, password));
    return outcome.kind === 'right' ? saveSession(outcome, caller) : undefined;
  }

  return endpoint(
    {
      summary: 'Sign in with e-mail and password',
      body: CredentialsBody,
      answers: { 200: config.refreshCookie === 'on' ? TokensOrCookieBody : TokensBody },
      refusals: [401, 429],
    },
    async ({ body, caller, rawHeaders }, reply) => {
      const inCookie = config.refreshCookie === 'on' && asksForCookie(rawHeaders);
      if (inCookie && !isFromOwnPage(rawHeaders, config.publicUrl)) {
        throw new AppError('malformed_request', { detail: 'The cookie is for pages of this origin only.' });
      }
      const { email, password } = readCredentials(body);
      gate.checkPlace(caller.network);
      const account = limits.accountKey(email);
      const login: LoginAttempt = {
        account,
        network: caller.network,
        isKnownNetwork: () => isKnownNetwork(db, email, caller.network),
      };
      const admitted = await limits.admitLogin(login);
      const outcome: Outcome = admitted.limited
        ? { kind: 'limited', verdict: admitted }
        : await verify(login, email, password);
      switch (outcome.kind) {
        case 'limited':
          await recordLimited(account, caller);
          throw rateLimited(outcome.verdict);
        case 'wrong':
          await recordFailed(account, outcome.credentials, caller);
          reply.headers(outcome.verdict.headers);
          throw new AppError('invalid_credentials');
        case 'right': {
          // A parallel login may have made an outdated hash anew, between the verification and here: once
          // more, against what stands there now.
          const session =
            (await saveSession(outcome, caller)) ?? (await verifyAgain(login, email, password, caller));
          if (session === undefined) {
            reply.headers((await limits.countFailure(login)).headers);
            await recordFailed(account, outcome.credentials, caller);
            throw new AppError('invalid_credentials');
          }
          reply.headers((await limits.countSuccess(login)).headers);
          metrics.countLogin('succeeded');
          await announceRevocations(deps, caller, reply, session.revocations);
          const tokens = issueTokens(deps, {
            user: session.user,
            sessionId: session.sessionId,
            generation: 1,
            nonce: session.nonce,
            issuedAt: session.at,
            authTime: session.at,
            sessionEndsAt: session.endsAt,
          });
          return inCookie ? answerWithCookie(reply, tokens) : tokens;
        }
        default:
          return outcome satisfies never;
      }
    },
  );
}

function readCredentials(body: { readonly email: string; readonly password: string }) {
  const address = canonicalEmail(body.email);
  if (address.kind === 'refused') throw refuseField('/email', address.detail);
  const normal = normalizePassword(body.password);
  if (normal === undefined) throw refuseField('/password', 'is too long');
  return { email: address.email, password: { typed: body.password, normal } };
}
