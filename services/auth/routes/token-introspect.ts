// POST /oauth/introspect (RFC 7662), for services that want to ask instead of verifying themselves. The answer is
// exact: signature, expiry to the second, session and account as the database has them now. A refresh token is
// told of only to who says that he expects one (token_type_hint), without using it up: else a service that asks
// whether a bearer token is active could be shown a refresh token and let it pass.

import { timingSafeEqual } from 'node:crypto';
import { verifyAccessToken } from '@pi-gateway/access-token/verify.ts';
import { type Static, Type } from 'typebox';
import { hashNonce, readRefreshToken } from '../crypto/refresh-token.ts';
import type { AuthDeps } from '../deps.ts';
import { decideRefresh } from '../domain/decide-refresh.ts';
import { isTokenCurrent } from '../domain/is-token-current.ts';
import { serviceEndpoint } from '../http/endpoint.ts';
import { TokenForm } from '../http/schemas.ts';
import { findPrincipal } from '../store/principals.ts';
import { findRefreshState } from '../store/sessions.ts';

type Deps = Pick<AuthDeps, 'config' | 'db' | 'keyRing' | 'revocations' | 'secrets'>;

const IntrospectionBody = Type.Object({
  active: Type.Boolean(),
  token_type: Type.Optional(Type.Literal('Bearer')),
  iss: Type.Optional(Type.String()),
  sub: Type.Optional(Type.String()),
  aud: Type.Optional(Type.String()),
  client_id: Type.Optional(Type.String()),
  iat: Type.Optional(Type.Integer()),
  exp: Type.Optional(Type.Integer()),
  jti: Type.Optional(Type.String()),
  sid: Type.Optional(Type.String()),
  auth_time: Type.Optional(Type.Integer()),
  roles: Type.Optional(Type.Array(Type.String())),
});

type Introspection = Static<typeof IntrospectionBody>;

const inactive: Introspection = { active: false };

export function tokenIntrospect(deps: Deps) {
  const { config, db, secrets } = deps;

  async function introspectAccessToken(text: string): Promise<Introspection> {
    const nowSeconds = Date.now() / 1000;
    const verification = verifyAccessToken(text, {
      keys: deps.keyRing.verificationKeys(),
      issuer: config.publicUrl,
      audience: config.publicUrl,
      clockSkewSeconds: config.clockSkewSeconds,
      nowSeconds,
    });
    if (verification.kind !== 'valid') return inactive;
    const { claims } = verification;
    // The leeway is for clocks that differ; this one issued the token.
    if (claims.exp <= nowSeconds || deps.revocations.isRevoked(claims)) return inactive;
    const account = await findPrincipal(db, claims.sub, claims.sid);
    if (account?.isSessionLiving !== true || !isTokenCurrent(claims, account)) return inactive;
    return { active: true, token_type: 'Bearer', ...claims, roles: [...claims.roles] };
  }

  async function introspectRefreshToken(text: string): Promise<Introspection> {
    const token = readRefreshToken(text, secrets.refreshMac);
    const row = token === undefined ? undefined : await findRefreshState(db, token.sessionId);
    if (token === undefined || row === undefined) return inactive;
    if (!timingSafeEqual(hashNonce(token.nonce), row.nonceHash)) return inactive;
    const rules = { graceSeconds: config.refreshGraceSeconds, idleTtlSeconds: config.refreshIdleTtlSeconds };
    const { kind } = decideRefresh(row, token.generation, row.now, rules);
    if (kind !== 'rotate' && kind !== 'repeat') return inactive;
    return {
      active: true,
      iss: config.publicUrl,
      sub: row.userId,
      client_id: 'pi-gateway',
      exp: toSeconds(Math.min(row.idleExpiresAt, row.expiresAt)),
      sid: token.sessionId,
      auth_time: toSeconds(row.authTime),
    };
  }

  return serviceEndpoint(
    {
      summary: 'Whether a token is active, and whose it is (RFC 7662)',
      form: TokenForm,
      answers: { 200: IntrospectionBody },
    },
    async ({ form: { token, token_type_hint: hint } }) => {
      const access = await introspectAccessToken(token);
      return access.active || hint !== 'refresh_token' ? access : introspectRefreshToken(token);
    },
  );
}

function toSeconds(micros: number): number {
  return Math.floor(micros / 1_000_000);
}
