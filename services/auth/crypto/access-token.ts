// Makes access tokens (RFC 9068). The jti carries the instant of issue to the microsecond, which is what a
// revocation of a user is compared with: a token of the same second as a role change is judged exactly.

import type { KeyObject } from 'node:crypto';
import type { Role } from '@pi-gateway/access-token/role.ts';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';
import { SignJWT } from 'jose';

export type AccessTokenInput = {
  readonly userId: string;
  readonly sessionId: string;
  readonly role: Role;
  /** Microseconds by the database's clock, read after the user's row was locked. */
  readonly issuedAt: number;
  /** Microseconds: when the password was checked. */
  readonly authTime: number;
};

export type Signer = { readonly kid: string; readonly privateKey: KeyObject };

/** Resolves to the compact JWS. `origin` is issuer and audience. */
export async function signAccessToken(
  input: AccessTokenInput,
  signer: Signer,
  options: { readonly origin: string; readonly ttlSeconds: number },
): Promise<string> {
  const issuedAtSeconds = Math.floor(input.issuedAt / 1_000_000);
  return new SignJWT({
    client_id: 'pi-gateway',
    sid: input.sessionId,
    roles: [input.role],
    auth_time: Math.floor(input.authTime / 1_000_000),
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: signer.kid })
    .setIssuer(options.origin)
    .setAudience(options.origin)
    .setSubject(input.userId)
    .setIssuedAt(issuedAtSeconds)
    .setExpirationTime(issuedAtSeconds + options.ttlSeconds)
    .setJti(uuidV7(input.issuedAt))
    .sign(signer.privateKey);
}
