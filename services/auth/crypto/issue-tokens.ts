// The answer of login and refresh: an access token and the refresh token of one generation of the session.

import type { Static } from 'typebox';
import type { TokensBody } from '../http/schemas.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { User } from '../store/users.ts';
import { signAccessToken } from './access-token.ts';
import { encodeRefreshToken } from './refresh-token.ts';

export type TokenDeps = {
  readonly keyRing: KeyRing;
  readonly config: { readonly publicUrl: string; readonly accessTokenTtlSeconds: number };
  readonly secrets: { readonly refreshMac: Buffer };
};

export type TokenGrant = {
  readonly user: User;
  readonly sessionId: string;
  readonly generation: number;
  readonly nonce: Buffer;
  /** Microseconds by the database, read after the user's row was locked; likewise the other times. */
  readonly issuedAt: number;
  readonly authTime: number;
  /** The earlier of the session's idle and absolute end. */
  readonly sessionEndsAt: number;
};

export function issueTokens(deps: TokenDeps, grant: TokenGrant): Static<typeof TokensBody> {
  const { user, sessionId, generation, nonce, issuedAt, authTime, sessionEndsAt } = grant;
  const { publicUrl, accessTokenTtlSeconds } = deps.config;
  const access_token = signAccessToken(
    { userId: user.id, sessionId, role: user.role, issuedAt, authTime },
    deps.keyRing.signerAt(issuedAt),
    { origin: publicUrl, ttlSeconds: accessTokenTtlSeconds },
  );
  return {
    access_token,
    token_type: 'Bearer',
    expires_in: accessTokenTtlSeconds,
    refresh_token: encodeRefreshToken({ sessionId, generation, nonce }, deps.secrets.refreshMac),
    refresh_expires_in: Math.max(0, Math.floor((sessionEndsAt - issuedAt) / 1_000_000)),
  };
}
