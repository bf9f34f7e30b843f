// POST /auth/refresh: load → decide → save → answer, in one transaction on the locked account and session. Before that
// the common case is tried, the current token of a living session: one statement that rotates it or changes nothing.
// Reuse commits its revocation and its event although the answer is a 401. Requests with one token that wait for
// the same turn are answered by one transaction.

import { timingSafeEqual } from 'node:crypto';
import { BoundedMap } from '@pi-gateway/limiter/bounded-map.ts';
import { AppError } from '@pi-gateway/problem/app-error.ts';
import type { Revocation } from '@pi-gateway/revocation/revocation.ts';
import { Type } from 'typebox';
import { issueTokens, type TokenGrant } from '../crypto/issue-tokens.ts';
import { hashNonce, type RefreshToken, readRefreshToken } from '../crypto/refresh-token.ts';
import type { Queryable } from '../db/database.ts';
import { spendTime } from '../db/time-budget.ts';
import type { AuthDeps } from '../deps.ts';
import { decideRefresh } from '../domain/decide-refresh.ts';
import { auditOrigin, type Caller } from '../http/caller.ts';
import { endpoint } from '../http/endpoint.ts';
import { answerWithCookie, clearedRefreshCookie, readRefreshCookie } from '../http/refresh-cookie.ts';
import { announceRevocations, saveSessionRevocations } from '../http/revoke.ts';
import { TokensBody, TokensOrCookieBody } from '../http/schemas.ts';
import { createAccountTurns } from '../limits/account-turns.ts';
import { insertAuditEvent } from '../store/audit-events.ts';
import { lockUserOfSession } from '../store/principals.ts';
import { rotateSession } from '../store/rotations.ts';
import { lockSession, type RefreshRow, revokeSession } from '../store/sessions.ts';
import type { User } from '../store/users.ts';

type Deps = Pick<AuthDeps, 'config' | 'db' | 'keyRing' | 'metrics' | 'refusals' | 'revocations' | 'secrets'>;

type Loaded = { readonly user: User & { readonly tokensValidAfter: number }; readonly row: RefreshRow };

type Outcome =
  | { readonly kind: 'rotated' | 'repeated'; readonly grant: TokenGrant }
  | { readonly kind: 'reuse'; readonly userId: string; readonly revocations: readonly Revocation[] }
  | Refused;

type Refused = {
  readonly kind: 'refused';
  readonly reason: 'malformed' | 'unknown' | 'revoked' | 'expired' | 'disabled';
  /** Known when the token is one of ours. */
  readonly userId: string | null;
};

/** What the outcome of one transaction is for the others that it answers. */
const sharedKinds = {
  rotated: 'repeated',
  repeated: 'repeated',
  reuse: 'refused',
  refused: 'refused',
} as const;

// Which account a session belongs to, of those refreshed here lately: turns are the account's, for its row is what
// refreshes wait for. A session that is not known yet has its own turns, once.
const accountsKept = 20_000;

const strict = { additionalProperties: false } as const;
const RefreshBody = Type.Object({ refresh_token: Type.String() }, strict);
/** With REFRESH_COOKIE=on: without a token in it, the cookie's counts. */
const RefreshBodyOrCookie = Type.Object({ refresh_token: Type.Optional(Type.String()) }, strict);

export function sessionRefresh(deps: Deps) {
  const { config, db, metrics, refusals, secrets } = deps;
  const mayUseCookie = config.refreshCookie === 'on';
  const turns = createAccountTurns<Outcome>();
  const accounts = new BoundedMap<string>(accountsKept, () => 1);
  const rules = { graceSeconds: config.refreshGraceSeconds, idleTtlSeconds: config.refreshIdleTtlSeconds };

  async function rotate(
    db: Queryable,
    token: RefreshToken,
    caller: Caller,
  ): Promise<Extract<Outcome, { kind: 'rotated' | 'repeated' }> | undefined> {
    const { sessionId, generation, nonce } = token;
    const { idleTtlSeconds } = rules;
    const nonceHash = hashNonce(nonce);
    const origin = auditOrigin(caller);
    const rotated = await rotateSession(db, { sessionId, generation, nonceHash, idleTtlSeconds, origin });
    if (rotated === undefined) return undefined;
    accounts.set(sessionId, rotated.user.id);
    return { kind: 'rotated', grant: { ...rotated, sessionId, nonce } };
  }

  async function refresh(tx: Queryable, token: RefreshToken, caller: Caller): Promise<Outcome> {
    const loaded = await load(tx, token);
    if (loaded === undefined) return { kind: 'refused', reason: 'unknown', userId: null };
    const { user, row } = loaded;
    const { sessionId } = token;
    accounts.set(sessionId, user.id);
    const decision = decideRefresh(
      { ...row, isUserDisabled: user.isDisabled },
      token.generation,
      row.now,
      rules,
    );
    const event = { ...auditOrigin(caller), actorId: user.id, targetId: user.id, sessionId };
    switch (decision.kind) {
      case 'rotate': {
        // Its last moment may have passed since.
        const rotated = await rotate(tx, token, caller);
        return rotated ?? { kind: 'refused', reason: 'expired', userId: user.id };
      }
      case 'repeat':
        return { kind: 'repeated', grant: repeatGrant(loaded, token, decision.generation) };
      case 'reuse': {
        const ended = await revokeSession(tx, sessionId, 'reuse');
        const data = { generation: token.generation, current_generation: row.generation };
        await insertAuditEvent(tx, { ...event, event: 'token.reuse_detected', outcome: 'denied', data });
        const revocations = await saveSessionRevocations(tx, deps, ended === undefined ? [] : [ended]);
        return { kind: 'reuse', userId: user.id, revocations };
      }
      case 'refused':
        return { kind: 'refused', reason: decision.reason, userId: user.id };
      default:
        return decision satisfies never;
    }
  }

  /** Makes no query: the event is written after the answer. */
  function refuse(
    caller: Caller,
    { reason, userId }: Omit<Refused, 'kind'>,
    sessionId: string | null,
  ): never {
    refusals.writeLater({
      event: {
        ...auditOrigin(caller),
        event: 'token.refused',
        outcome: 'denied',
        // Who sent a token that is dead may be anybody.
        actorId: null,
        targetId: userId,
        sessionId: userId === null ? null : sessionId,
        data: { reason },
      },
      network: caller.network,
      key: sessionId ?? '',
    });
    throw new AppError('invalid_refresh_token');
  }

  return endpoint(
    {
      summary: 'Exchange a refresh token for its successor',
      body: mayUseCookie ? RefreshBodyOrCookie : RefreshBody,
      isBodyOptional: mayUseCookie,
      answers: { 200: mayUseCookie ? TokensOrCookieBody : TokensBody },
      refusals: [401],
    },
    async ({ body, caller, rawHeaders }, reply) => {
      const inCookie = body.refresh_token === undefined;
      const text = body.refresh_token ?? readRefreshCookie(rawHeaders, config.publicUrl);
      if (text === undefined) throw new AppError('invalid_refresh_token');
      const token = readRefreshToken(text, secrets.refreshMac);
      if (token === undefined) return refuse(caller, { reason: 'malformed', userId: null }, null);
      const account = accounts.get(token.sessionId) ?? token.sessionId;
      const { outcome, isFirst } = await turns.take(
        account,
        text,
        async () => (await rotate(db, token, caller)) ?? db.transaction((tx) => refresh(tx, token, caller)),
        spendTime,
      );
      const kind = isFirst ? outcome.kind : sharedKinds[outcome.kind];
      metrics.countRefresh(kind);
      switch (outcome.kind) {
        case 'refused':
          return refuse(caller, outcome, token.sessionId);
        case 'reuse':
          await announceRevocations(deps, caller, reply, outcome.revocations);
          if (inCookie) reply.header('set-cookie', clearedRefreshCookie);
          // Of several with the same token, one made the event of the reuse.
          if (!isFirst) return refuse(caller, { ...outcome, reason: 'revoked' }, token.sessionId);
          throw new AppError('invalid_refresh_token');
        case 'rotated':
        case 'repeated': {
          reply.header('x-refresh-outcome', kind);
          const tokens = issueTokens(deps, outcome.grant);
          return inCookie ? answerWithCookie(reply, tokens) : tokens;
        }
        default:
          return outcome satisfies never;
      }
    },
  );
}

/** Locks the account, then the session; undefined unless the token's nonce is the session's. */
async function load(tx: Queryable, token: RefreshToken): Promise<Loaded | undefined> {
  const user = await lockUserOfSession(tx, token.sessionId);
  const row = user === undefined ? undefined : await lockSession(tx, token.sessionId);
  if (user === undefined || row === undefined) return undefined;
  return timingSafeEqual(hashNonce(token.nonce), row.nonceHash) ? { user, row } : undefined;
}

function repeatGrant(
  { user, row }: Loaded,
  { sessionId, nonce }: RefreshToken,
  generation: number,
): TokenGrant {
  return {
    user,
    sessionId,
    generation,
    nonce,
    // After every change of rights that has committed, in the same microsecond too.
    issuedAt: Math.max(row.now, user.tokensValidAfter + 1),
    authTime: row.authTime,
    sessionEndsAt: Math.min(row.idleExpiresAt, row.expiresAt),
  };
}
