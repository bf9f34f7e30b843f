// The word of the gateway about who calls, for one service: a JWT with a type, an issuer and keys of its own, so that no
// access token passes for one, and none for an access token. Pure: no clock, no network.

import { type ClaimsRules, isExpired, isTime } from './claims.ts';
import type { JsonObject } from './decode-part.ts';
import type { VerifyOptions } from './verify.ts';
import { type JwsVerification, verifyJws } from './verify-jws.ts';

export const internalTokenTyp = 'pi-internal+jwt';
/** The header that the gateway sends it in; whatever a client sent under this name is gone. */
export const internalTokenHeader = 'x-pi-identity';
/** Where the gateway serves the keys. */
export const internalKeysPath = '/.well-known/gateway-jwks.json';
/** A token that says it lives longer is none of ours. */
export const internalTokenLifeSeconds = 60;

/** The `iss` of the gateway at this URL. Auth, whose tokens clients have, is the URL itself. */
export function internalIssuer(gatewayUrl: string): string {
  return `${gatewayUrl}/gateway`;
}

export type InternalTokenClaims = {
  readonly iss: string;
  /** The name of the service in gateway.yaml. */
  readonly aud: string;
  /** Who calls: what `x-user-id` would say. */
  readonly sub: string;
  readonly roles: readonly string[];
  /** The session; left out where the caller's issuer names none. */
  readonly sid?: string;
  /** Host and path of the route as gateway.yaml has them, e.g. `/orders/{id}`. */
  readonly route: string;
  readonly method: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly exp: number;
};

export type InternalClaimsFault =
  | 'issuer'
  | 'audience'
  | 'subject'
  | 'session'
  | 'roles'
  | 'route'
  | 'method'
  | 'times'
  | 'expired'
  | 'not_yet_valid';

export type InternalVerification = JwsVerification<InternalTokenClaims, InternalClaimsFault>;

/** Tells whether the gateway says this, to this service, now. Never throws. */
export function verifyInternalToken(token: string, options: VerifyOptions): InternalVerification {
  return verifyJws<InternalTokenClaims, InternalClaimsFault>(token, {
    typ: internalTokenTyp,
    keys: options.keys,
    readClaims: (payload) => readInternalClaims(payload, options),
  });
}

function readInternalClaims(
  payload: JsonObject,
  rules: ClaimsRules,
): InternalTokenClaims | InternalClaimsFault {
  const { iss, aud, sub, roles, sid, route, method, iat, exp } = payload;
  if (iss !== rules.issuer) return 'issuer';
  if (aud !== rules.audience) return 'audience';
  if (!isText(sub)) return 'subject';
  if (sid !== undefined && !isText(sid)) return 'session';
  if (!Array.isArray(roles) || !roles.every(isText)) return 'roles';
  if (!isText(route)) return 'route';
  if (!isText(method)) return 'method';
  if (!isTime(iat) || !isTime(exp) || exp <= iat || exp - iat > internalTokenLifeSeconds) return 'times';
  if (isExpired(exp, rules)) return 'expired';
  if (iat > rules.nowSeconds + rules.clockSkewSeconds) return 'not_yet_valid';
  const { issuer, audience } = rules;
  const claims = { iss: issuer, aud: audience, sub, roles, route, method, iat, exp };
  return sid === undefined ? claims : { ...claims, sid };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
