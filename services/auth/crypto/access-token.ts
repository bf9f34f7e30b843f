// Makes access tokens (RFC 9068). The jti carries the instant of issue to the microsecond, which is what a
// revocation of a user is compared with: a token of the same second as a role change is judged exactly. Signed on the
// spot: handed to the thread pool, as a JWT library does, it costs thrice as much and stands behind password hashes.

import { type KeyObject, sign } from 'node:crypto';
import type { Role } from '@pi-gateway/access-token/role.ts';
import { uuidV7 } from '@pi-gateway/uuid/uuid-v7.ts';

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

/** The compact JWS (RFC 7515). `origin` is issuer and audience. */
export function signAccessToken(
  input: AccessTokenInput,
  signer: Signer,
  options: { readonly origin: string; readonly ttlSeconds: number },
): string {
  const issuedAtSeconds = Math.floor(input.issuedAt / 1_000_000);
  const header = { alg: 'ES256', typ: 'at+jwt', kid: signer.kid };
  const claims = {
    client_id: 'pi-gateway',
    sid: input.sessionId,
    roles: [input.role],
    auth_time: Math.floor(input.authTime / 1_000_000),
    iss: options.origin,
    aud: options.origin,
    sub: input.userId,
    iat: issuedAtSeconds,
    exp: issuedAtSeconds + options.ttlSeconds,
    jti: uuidV7(input.issuedAt),
  };
  const signed = `${encodePart(header)}.${encodePart(claims)}`;
  // RFC 7518 section 3.4: R and S side by side, not the DER form.
  const key = { key: signer.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

function encodePart(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
