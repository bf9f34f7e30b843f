// The claims of our access tokens (RFC 9068 section 2.2), each typed and bounded. Pure: no clock, no key.

import { isUuidV7 } from '#uuid-v7';
import type { JsonObject } from './decode-part.ts';
import { isRole, type Role } from './role.ts';

export type AccessTokenClaims = {
  readonly iss: string;
  /** The user's id. */
  readonly sub: string;
  readonly aud: string;
  readonly client_id: string;
  /** Seconds since the epoch, as `exp` and `auth_time`. */
  readonly iat: number;
  readonly exp: number;
  /** A UUIDv7 that tells the instant of issue to the microsecond. */
  readonly jti: string;
  /** The session's id. */
  readonly sid: string;
  readonly auth_time: number;
  readonly roles: readonly [Role];
};

export type ClaimsRules = {
  readonly issuer: string;
  readonly audience: string;
  readonly clockSkewSeconds: number;
  readonly nowSeconds: number;
};

export type ClaimsFault =
  | 'issuer'
  | 'audience'
  | 'subject'
  | 'session'
  | 'token_id'
  | 'client'
  | 'roles'
  | 'times'
  | 'expired'
  | 'not_yet_valid';

// The last second of the year 9999: milliseconds and microseconds of it are still exact numbers.
const lastSecond = 253_402_300_799;

/** The claims when all of them hold, or the name of the first that does not. Claims we do not know are left out. */
export function readClaims(payload: JsonObject, rules: ClaimsRules): AccessTokenClaims | ClaimsFault {
  const { iss, sub, aud, client_id, iat, exp, nbf, jti, sid, auth_time, roles } = payload;
  if (iss !== rules.issuer) return 'issuer';
  if (aud !== rules.audience) return 'audience';
  if (!isId(sub)) return 'subject';
  if (!isId(sid)) return 'session';
  if (!isId(jti)) return 'token_id';
  if (typeof client_id !== 'string' || client_id === '' || client_id.length > 256) return 'client';
  if (!Array.isArray(roles) || roles.length !== 1) return 'roles';
  const role: unknown = roles[0];
  if (!isRole(role)) return 'roles';
  if (!isTime(iat) || !isTime(exp) || !isTime(auth_time)) return 'times';
  if (nbf !== undefined && !isTime(nbf)) return 'times';
  if (exp <= iat) return 'times';
  if (isExpired(exp, rules)) return 'expired';
  const latestStart = rules.nowSeconds + rules.clockSkewSeconds;
  if (Math.max(iat, auth_time, nbf ?? 0) > latestStart) return 'not_yet_valid';
  // The rules' own strings, so that a cached token does not hold a second copy of them.
  const { issuer, audience } = rules;
  return { iss: issuer, sub, aud: audience, client_id, iat, exp, jti, sid, auth_time, roles: [role] };
}

/** True from the second on in which a token is dead, the leeway included. */
export function isExpired(
  exp: number,
  { nowSeconds, clockSkewSeconds }: Pick<ClaimsRules, 'nowSeconds' | 'clockSkewSeconds'>,
): boolean {
  return exp + clockSkewSeconds <= nowSeconds;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && isUuidV7(value);
}

/** Whole seconds since the epoch. */
export function isTime(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= lastSecond;
}
