// Who calls, as a credential has shown it. All steps after the access check know only this; another kind of
// credential (an API key) becomes another member of the union and changes nothing but the check itself.

import type { AccessTokenClaims } from '@pi-gateway/access-token/claims.ts';

export type Principal = UserPrincipal | ForeignPrincipal;

type Shown = {
  /** What services get as `x-user-id`; no two principals share one. */
  readonly id: string;
  readonly roles: readonly string[];
  readonly sessionId: string | undefined;
};

/** By an access token of our own auth. */
export type UserPrincipal = Shown & { readonly kind: 'user'; readonly claims: AccessTokenClaims };

/** By a token of an issuer that gateway.yaml trusts. Its id begins with the issuer's name, so that it is no user's. */
export type ForeignPrincipal = Shown & {
  readonly kind: 'foreign';
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** Seconds since the epoch. */
  readonly exp: number;
  /** The key that signed it; empty when the token names none. */
  readonly kid: string;
};

export function userPrincipal(claims: AccessTokenClaims): UserPrincipal {
  return { kind: 'user', id: claims.sub, roles: claims.roles, sessionId: claims.sid, claims };
}

/** The identity headers, flat; the same for a service and in an answer of `/verify`. */
export function identityFields({ id, roles, sessionId }: Principal): string[] {
  const fields = ['x-user-id', id, 'x-user-roles', roles.join(',')];
  if (sessionId !== undefined) fields.push('x-session-id', sessionId);
  return fields;
}
